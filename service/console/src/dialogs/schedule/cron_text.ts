/** The text of a cron expression and its six fields, each following the other; what each field holds is cron_fields.ts. */

/** The text taken apart: six raw fields, the second first. */
export interface CronText {
  fields: readonly string[];
  /** The text has five fields; the second is 0 without being written. */
  hasFive: boolean;
  /** The macro that stands for the fields, such as "@daily"; null where they are written out. */
  macro: string | null;
}

export const LONGEST_EXPRESSION = 512;

// Source: the service's grammar (service/domain/cron/grammar.py), which has the last word.
const MACROS: Readonly<Record<string, string>> = {
  "@YEARLY": "0 0 0 1 1 *",
  "@ANNUALLY": "0 0 0 1 1 *",
  "@MONTHLY": "0 0 0 1 * *",
  "@WEEKLY": "0 0 0 * * 0",
  "@DAILY": "0 0 0 * * *",
  "@MIDNIGHT": "0 0 0 * * *",
  "@HOURLY": "0 0 * * * *",
};
const VISIBLE = /^[\x20-\x7e\t]*$/;

/** Takes a text apart; null where it has no five or six fields, and is no macro. */
export function readCron(text: string): CronText | null {
  if (!VISIBLE.test(text)) return null;
  const fields = text.split(/[ \t]+/).filter(Boolean);
  const [first = ""] = fields;
  if (first.startsWith("@")) {
    const meaning = fields.length === 1 ? MACROS[first.toUpperCase()] : undefined;
    return meaning === undefined ? null : { fields: meaning.split(" "), hasFive: false, macro: first };
  }
  if (fields.length === 5) return { fields: ["0", ...fields], hasFive: true, macro: null };
  return fields.length === 6 ? { fields, hasFive: false, macro: null } : null;
}

/** The text with another field at `index`; the other fields stay as they were written. */
export function withField(cron: CronText, index: number, raw: string): string {
  const fields = cron.fields.map((field, each) => (each === index ? raw : field));
  const [second, ...others] = fields;
  return (cron.hasFive && second === "0" ? others : fields).join(" ");
}
