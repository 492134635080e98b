/** Which part of time is shown, of which jobs, on whose clocks. */
import { ToggleButton, ToggleButtonGroup } from "react-aria-components";
import { Button } from "../../components/Button";
import { SearchField, Select, type Choice } from "../../components/fields";
import { groupChoices } from "../../components/groups";
import { BROWSER_ZONE, localTime } from "../../time/format";
import type { Shown } from "./address";
import { moveBy, zoomTo } from "./moves";
import { dayOf } from "./ticks";
import styles from "./Toolbar.module.css";
import { spanOf, SPANS, type View } from "./view";

interface ToolbarProps {
  shown: Shown;
  view: View;
  groups: readonly string[];
  zones: readonly string[];
  zone: string;
  onChange: (some: Partial<Shown>) => void;
}

export function Toolbar({ shown, view, groups, zones, zone, onChange }: ToolbarProps) {
  return (
    <div className={styles["bar"]}>
      <div className={styles["time"]} role="group" aria-label="Time shown">
        <ToggleButtonGroup
          aria-label="Span"
          className={styles["spans"] ?? ""}
          selectionMode="single"
          disallowEmptySelection
          selectedKeys={[view.span.id]}
          onSelectionChange={([id]) => onChange(zoomTo(view, spanOf(String(id))))}
        >
          {SPANS.map(({ id, name, words }) => (
            <ToggleButton key={id} id={id} aria-label={words} className={styles["span"] ?? ""}>
              {name}
            </ToggleButton>
          ))}
        </ToggleButtonGroup>
        <span className={styles["moves"]}>
          <Button aria-label="Earlier" onPress={() => onChange(moveBy(view, -0.5))}>
            ‹
          </Button>
          <Button look={view.isFollowing ? "primary" : "plain"} onPress={() => onChange({ start: null })}>
            Now
          </Button>
          <Button aria-label="Later" onPress={() => onChange(moveBy(view, 0.5))}>
            ›
          </Button>
        </span>
        <span className={styles["period"]} role="status">
          {periodOf(view, zone)}
        </span>
      </div>
      <search className={styles["jobs"]}>
        <SearchField
          label="Search jobs"
          placeholder="Name, id or group"
          value={shown.text}
          onChange={(text) => onChange({ text })}
        />
        <Select
          label="Group"
          isLabelHidden
          value={`=${shown.group}`}
          choices={groupChoices(groups, shown.group)}
          onChange={(id) => onChange({ group: id.slice(1) })}
        />
        <Select
          label="Time zone"
          isLabelHidden
          value={`=${shown.zone}`}
          choices={zoneChoices(zones, shown.zone)}
          onChange={(id) => onChange({ zone: id.slice(1) })}
        />
      </search>
    </div>
  );
}

/** Writes from when to when, such as "Tue 24 Nov 09:00 – Wed 25 Nov 09:00 CET". */
function periodOf({ from, to, isFollowing }: View, zone: string): string {
  const time = (at: number) => localTime(at, zone).time.slice(0, 5);
  const [first, last] = [dayOf(from, zone), dayOf(to, zone)];
  const end = first === last ? time(to) : `${last} ${time(to)}`;
  return `${first} ${time(from)} – ${end} ${localTime(to, zone).zoneName}${isFollowing ? ", follows now" : ""}`;
}

function zoneChoices(zones: readonly string[], chosen: string): Choice<string>[] {
  const others = [...new Set(["UTC", ...zones, ...(chosen ? [chosen] : [])])];
  return [
    { id: "=", name: `Browser: ${BROWSER_ZONE}` },
    ...others.map((zone) => ({ id: `=${zone}`, name: zone })),
  ];
}
