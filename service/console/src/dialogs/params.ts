/** The parameters of a job as somebody types them. */

export const PARAMS_HINT =
  "A JSON object. ${secret:NAME} is filled in from the environment when a run begins.";

/** Reads a JSON object; a text says why it is none. */
export function objectIn(text: string): Record<string, unknown> | string {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found !== "object" || found === null || Array.isArray(found)) return "not a JSON object: {…}";
    return found as Record<string, unknown>;
  } catch (fault) {
    return `no JSON: ${fault instanceof Error ? fault.message : String(fault)}`;
  }
}
