/** The expression field by field: the text follows the builder, and the builder the text. */
import styles from "./Builder.module.css";
import { FIELDS } from "./cron_fields";
import { readCron, withField } from "./cron_text";
import { FieldRow } from "./FieldRow";

interface BuilderProps {
  text: string;
  /** What the server says is wrong; it begins with the name of the field, if one is at fault. */
  fault: string | null;
  onChange: (text: string) => void;
}

export function Builder({ text, fault, onChange }: BuilderProps) {
  const cron = readCron(text);
  if (!cron) {
    return (
      <p className={styles["unreadable"]}>
        The fields are shown here as soon as the text has six of them (or five, without the second).
      </p>
    );
  }
  return (
    <div className={styles["builder"]}>
      {FIELDS.map((field, index) => (
        <FieldRow
          key={field.name}
          field={field}
          raw={cron.fields[index] ?? "*"}
          isFaulty={fault?.startsWith(`${field.name}:`) ?? false}
          onChange={(raw) => onChange(withField(cron, index, raw))}
        />
      ))}
    </div>
  );
}
