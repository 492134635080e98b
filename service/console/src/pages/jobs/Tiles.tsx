/** How many jobs there are in each state; pressing one shows only these. */
import { ToggleButton, ToggleButtonGroup } from "react-aria-components";
import { classes } from "../../components/classes";
import { count } from "../../time/format";
import { SHOWN, type Shown } from "./state";
import styles from "./Tiles.module.css";

const NAMES: Record<Shown, string> = {
  all: "All jobs",
  running: "Running",
  failing: "Failing",
  overdue: "Overdue",
  paused: "Paused",
  disabled: "Disabled",
};

interface TilesProps {
  counts: Record<Shown, number>;
  shown: Shown;
  onShow: (shown: Shown) => void;
}

export function Tiles({ counts, shown, onShow }: TilesProps) {
  return (
    <ToggleButtonGroup
      aria-label="Show"
      className={styles["tiles"] ?? ""}
      selectionMode="single"
      selectedKeys={[shown]}
      // Pressed once more, a tile shows all again.
      onSelectionChange={([key = "all"]) => onShow(key as Shown)}
    >
      {SHOWN.map((each) => (
        <ToggleButton
          key={each}
          id={each}
          className={classes(styles["tile"], counts[each] > 0 && styles[each])}
        >
          <span className={styles["count"]}>{count(counts[each])}</span>{" "}
          <span className={styles["name"]}>{NAMES[each]}</span>
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}
