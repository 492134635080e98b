/** The zone of a schedule: found by its city, with what its clocks show now. */
import { useQuery } from "@tanstack/react-query";
import { ListBox, ListBoxItem, ListLayout, Virtualizer } from "react-aria-components";
import { timeZonesQuery } from "../../api/schedules";
import { classes } from "../../components/classes";
import { ComboField } from "../../components/ComboField";
import fields from "../../components/fields.module.css";
import { now, useNow } from "../../time/clock";
import { localTime } from "../../time/format";
import { matchesZone, offsetOf } from "./zones";
import styles from "./ZonePicker.module.css";

const ROW_HEIGHT = 32;
// Until the service has told its own, and where it cannot.
const ZONES_OF_BROWSER = ["UTC", ...Intl.supportedValuesOf("timeZone")];

interface ZonePickerProps {
  zone: string;
  error: string | null;
  onChange: (zone: string) => void;
}

export function ZonePicker({ zone, error, onChange }: ZonePickerProps) {
  const { data } = useQuery(timeZonesQuery);
  const known = data ?? ZONES_OF_BROWSER;
  const zones = known.includes(zone) ? known : [zone, ...known];
  const time = useNow((nowMs) => localTime(nowMs, zone).time.slice(0, 5));
  return (
    <ComboField
      label="Time zone"
      hint={`${time} there now, UTC${offsetOf(zone, now())}`}
      error={error}
      placeholder="Search by city"
      opens="All time zones"
      className={styles["popover"]}
      defaultItems={zones.map((id) => ({ id }))}
      defaultFilter={matchesZone}
      value={zone}
      onChange={(chosen) => chosen !== null && onChange(`${chosen}`)}
      onInputChange={(typed) => {
        // Typed to the end, it is chosen; nobody has to pick from a list of one.
        const exact = zones.find((each) => each.toLowerCase() === typed.trim().toLowerCase());
        if (exact !== undefined && exact !== zone) onChange(exact);
      }}
    >
      <Virtualizer layout={ListLayout} layoutOptions={{ rowHeight: ROW_HEIGHT, padding: 4 }}>
        <ListBox className={styles["list"] ?? ""}>
          {({ id }: { id: string }) => (
            <ListBoxItem id={id} textValue={id} className={classes(fields["option"], styles["zone"])}>
              <bdi>{id.replaceAll("_", " ")}</bdi>
              <span className={styles["offset"]}>{offsetOf(id, now())}</span>
            </ListBoxItem>
          )}
        </ListBox>
      </Virtualizer>
    </ComboField>
  );
}
