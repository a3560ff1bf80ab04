/** Contracts are imported as text; see the rules in wrangler.toml. */
declare module "*.yaml" {
  const text: string;
  export default text;
}
