/**
 * Reads a PDF into blocks, page by page, so that a long one can be stopped between two pages. pdf.js is large: it is
 * loaded when the first PDF comes. It runs without a document object model, in workerd as in Node.
 */
import type { Block } from "./passage.ts";
import { paragraphBlocks } from "./text-blocks.ts";

/** Beyond this a PDF is a library; its parts make better sources. */
const MOST_PAGES = 2_000;

type PdfReading = { readonly ok: true; readonly blocks: Block[] } | { readonly ok: false; readonly reason: string };

export async function pdfBlocks(bytes: Uint8Array, signal: AbortSignal): Promise<PdfReading> {
  const { getDocumentProxy } = await import("unpdf");
  // pdf.js takes the buffer it is given for its own: the caller's must not be emptied under its hands.
  const opened = await getDocumentProxy(bytes.slice(), { verbosity: 0 }).catch((error: unknown) =>
    error instanceof Error ? error : new Error(String(error)),
  );
  if (opened instanceof Error) {
    const locked = opened.name === "PasswordException";
    return {
      ok: false,
      reason: locked ? "is locked with a password: send it unlocked" : "is damaged, or not a PDF: open it and save it again",
    };
  }
  try {
    if (opened.numPages > MOST_PAGES)
      return { ok: false, reason: `has ${opened.numPages} pages, more than ${MOST_PAGES}: send its chapters one by one` };
    const blocks: Block[] = [];
    for (let number = 1; number <= opened.numPages; number++) {
      signal.throwIfAborted();
      const page = await opened.getPage(number);
      const { items } = await page.getTextContent();
      const text = items.map((item) => ("str" in item ? item.str + (item.hasEOL ? "\n" : "") : "")).join("");
      for (const block of paragraphBlocks(text)) blocks.push({ ...block, at: number });
      page.cleanup();
    }
    return { ok: true, blocks };
  } catch (error) {
    if (signal.aborted) throw error;
    return { ok: false, reason: "is damaged: some of its pages cannot be read. Open it and save it again" };
  } finally {
    await opened.loadingTask.destroy();
  }
}
