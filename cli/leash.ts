/**
 * Preloaded into the runtime's process (`node --import`): when the command that started it is gone, however it died, this
 * ends the whole process group, so that no Worker runtime is left listening. It leads its own group, so nothing else is hit.
 */
process.on("disconnect", () => process.kill(-process.pid, "SIGKILL"));
// The leash must not keep a runtime alive that has nothing left to do.
process.channel?.unref();
