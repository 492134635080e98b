/** What the run has to cover, from the one instant up to the other, on the clocks of the job or in UTC. */
import { Select, TextField } from "../../components/fields";
import { absolute } from "../../time/format";
import { instantOf } from "../../time/zoned";
import type { Faults, FormState } from "./form";
import styles from "./RunDialog.module.css";

interface WindowFieldsProps {
  form: FormState;
  jobZone: string;
  faults: Faults;
  onChange: (part: Partial<FormState>) => void;
}

export function WindowFields({ form, jobZone, faults, onChange }: WindowFieldsProps) {
  const zones = [...new Set([jobZone, "UTC"])];
  return (
    <fieldset className={styles["window"]}>
      <legend>Window to cover (optional)</legend>
      <div className={styles["ends"]}>
        <TextField
          label="From"
          type="datetime-local"
          value={form.windowStart}
          onChange={(windowStart) => onChange({ windowStart })}
          hint={instantWords(form.windowStart, form.zone)}
          error={faults["windowStart"]}
        />
        <TextField
          label="Up to"
          type="datetime-local"
          value={form.windowEnd}
          onChange={(windowEnd) => onChange({ windowEnd })}
          hint={instantWords(form.windowEnd, form.zone)}
          error={faults["windowEnd"]}
        />
        {zones.length > 1 && (
          <Select
            label="On the clocks of"
            value={form.zone}
            choices={zones.map((id) => ({ id, name: id }))}
            onChange={(zone) => onChange({ zone })}
          />
        )}
      </div>
    </fieldset>
  );
}

/** What was entered, as it will be sent. */
function instantWords(wallTime: string, zone: string): string {
  const instant = instantOf(wallTime, zone);
  return instant === null ? "" : absolute(instant, "UTC");
}
