/** What is used of papaparse: its published types would bring all of Node's into the Workers. */
declare module "papaparse" {
  interface ParseResult {
    readonly data: string[][];
    readonly errors: readonly { readonly type: "Quotes" | "Delimiter" | "FieldMismatch"; readonly row?: number }[];
  }
  const Papa: {
    /** `greedy`: lines of nothing but white space are skipped too. */
    parse(text: string, options: { readonly skipEmptyLines: "greedy" }): ParseResult;
  };
  export default Papa;
}
