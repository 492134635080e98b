/** What becomes of fires when the clocks change; only an admin may choose. */
import { FieldError, Label, RadioButton, RadioField, RadioGroup } from "react-aria-components";
import fields from "../../components/fields.module.css";
import styles from "./ClockPolicy.module.css";
import { POLICIES, policyWords, type Policy } from "./policies";

interface ClockPolicyProps {
  policy: Policy;
  error: string | null;
  /** Null: it is shown, and cannot be changed. */
  onChange: ((policy: Policy) => void) | null;
}

export function ClockPolicy({ policy, error, onChange }: ClockPolicyProps) {
  if (!onChange) {
    const meaning = POLICIES.find(({ id }) => id === policy)?.meaning;
    return (
      <div>
        <p className={fields["label"]}>When the clocks change: {policyWords(policy)}</p>
        <p className={fields["hint"]}>{meaning} Only an admin can change this.</p>
      </div>
    );
  }
  return (
    <RadioGroup
      className={fields["field"] ?? ""}
      value={policy}
      onChange={(chosen) => onChange(chosen as Policy)}
      isInvalid={error !== null}
    >
      <Label className={fields["label"] ?? ""}>When the clocks change</Label>
      <div className={styles["policies"]}>
        {POLICIES.map(({ id, name, meaning }) => (
          <RadioField key={id} value={id}>
            <RadioButton className={styles["policy"] ?? ""}>
              <span className={styles["dot"]} aria-hidden="true" />
              <span>
                <span className={styles["name"]}>{name}</span>
                <span className={styles["meaning"]}>{meaning}</span>
              </span>
            </RadioButton>
          </RadioField>
        ))}
      </div>
      <FieldError className={fields["error"] ?? ""}>{error}</FieldError>
    </RadioGroup>
  );
}
