/** Small inputs of the builder: a number, a time of day, values to pick. Each takes only what is allowed. */
import {
  Button as AriaButton,
  Dialog,
  DialogTrigger,
  Input,
  TextField,
  ToggleButton,
  ToggleButtonGroup,
  type Key,
} from "react-aria-components";
import { useState } from "react";
import { classes } from "../../components/classes";
import { Select } from "../../components/fields";
import fields from "../../components/fields.module.css";
import { Popover } from "../../components/Popover";
import styles from "./controls.module.css";
import { readTime, type TimeOfDay } from "./presets";
import type { Pickable } from "./shapes";

interface TypedProps {
  label: string;
  text: string;
  className?: string | undefined;
  /** Takes a text; answers whether it is one that may stand here. */
  onText: (text: string) => boolean;
  /** Takes a step up or down, by the arrow keys. */
  onStep?: (way: 1 | -1) => void;
  isNumeric?: boolean;
}

/** A text that is taken while it is typed, where it may stand here; else what was before is there again afterwards. */
export function Typed({ label, text, className, onText, onStep, isNumeric = false }: TypedProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const [isWrong, setIsWrong] = useState(false);
  const forget = () => {
    setTyped(null);
    setIsWrong(false);
  };
  return (
    <TextField
      aria-label={label}
      value={typed ?? text}
      isInvalid={isWrong}
      onChange={(next) => {
        setTyped(next);
        setIsWrong(!onText(next));
      }}
      onBlur={forget}
      onKeyDown={(event) => {
        const way = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
        if (way === 0 || !onStep) {
          event.continuePropagation(); // Escape is the dialog's
          return;
        }
        event.preventDefault();
        forget();
        onStep(way);
      }}
      {...(isNumeric && { inputMode: "numeric" })}
    >
      <Input className={classes(fields["input"], fields["code"], className)} autoComplete="off" />
    </TextField>
  );
}

interface NumberProps {
  label: string;
  value: number;
  min: number;
  max: number;
  onChange: (value: number) => void;
}

export function NumberInput({ label, value, min, max, onChange }: NumberProps) {
  const take = (next: number) => {
    const isAllowed = next >= min && next <= max;
    if (isAllowed) onChange(next);
    return isAllowed;
  };
  return (
    <Typed
      label={label}
      text={`${value}`}
      className={styles["number"]}
      isNumeric
      onText={(text) => /^[0-9]{1,3}$/.test(text) && take(Number(text))}
      onStep={(way) => take(value + way)}
    />
  );
}

export function TimeInput({
  label,
  value,
  onChange,
}: {
  label: string;
  value: TimeOfDay;
  onChange: (time: TimeOfDay) => void;
}) {
  const take = (text: string) => {
    const time = readTime(text);
    if (time !== null) onChange(time);
    return time !== null;
  };
  return <Typed label={label} text={value} className={styles["time"]} onText={take} />;
}

interface PicksProps {
  label: string;
  picks: readonly Pickable[];
  chosen: readonly number[];
  /** Told of at least one value. */
  onChange: (values: number[]) => void;
}

/** Values beside each other, to be switched on and off. */
export function Toggles({
  label,
  picks,
  chosen,
  onChange,
  isGrid = false,
}: PicksProps & { isGrid?: boolean }) {
  const take = (keys: Set<Key>) => {
    const values = picks.map(({ value }) => value).filter((value) => keys.has(value));
    if (values.length > 0) onChange(values);
  };
  return (
    <ToggleButtonGroup
      aria-label={label}
      selectionMode="multiple"
      selectedKeys={chosen}
      onSelectionChange={take}
      className={classes(styles["toggles"], isGrid && styles["grid"])}
    >
      {picks.map(({ value, name }) => (
        <ToggleButton key={value} id={value} className={styles["toggle"] ?? ""}>
          {name}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}

interface PickProps {
  label: string;
  picks: readonly Pickable[];
  value: number;
  onChange: (value: number) => void;
}

/** One value, by its name. */
export function NamedValue({ label, picks, value, onChange }: PickProps) {
  return (
    <Select
      label={label}
      isLabelHidden
      value={`${value}`}
      choices={picks.map((pick) => ({ id: `${pick.value}`, name: pick.name }))}
      onChange={(chosen) => onChange(Number(chosen))}
    />
  );
}

/** A button that shows the values picked, and opens all that there are. */
export function ValuePicker({ label, picks, chosen, onChange }: PicksProps) {
  const names = picks.filter(({ value }) => chosen.includes(value)).map(({ name }) => name);
  return (
    <DialogTrigger>
      <AriaButton
        aria-label={`${label}: ${names.join(", ")}`}
        className={classes(fields["input"], fields["select"], styles["picked"])}
      >
        <span className={styles["names"]}>{names.join(", ")}</span>
        <span aria-hidden="true">▾</span>
      </AriaButton>
      <Popover className={fields["popover"]} placement="bottom start">
        <Dialog aria-label={label} className={styles["panel"] ?? ""}>
          <Toggles label={label} picks={picks} chosen={chosen} onChange={onChange} isGrid />
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
