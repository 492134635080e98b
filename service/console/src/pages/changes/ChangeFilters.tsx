/** What the audit is narrowed to; it stands in the address, so that a link shows the same. */
import { useEffect, useState } from "react";
import { useSearchParams } from "react-router";
import { OPERATIONS } from "../../api/changes";
import { Button } from "../../components/Button";
import { Select, TextField } from "../../components/fields";
import styles from "./ChangeFilters.module.css";
import { FILTERS, isOperation, type FilterName } from "./filters";

const ANY = "ANY";
const CHOICES = [
  { id: ANY, name: "Any" },
  ...OPERATIONS.map((operation) => ({
    id: operation,
    name: operation.charAt(0) + operation.slice(1).toLowerCase(),
  })),
];

export function ChangeFilters() {
  const [parameters, setParameters] = useSearchParams();
  const operation = parameters.get("operation") ?? "";
  const isFiltered = FILTERS.some((name) => parameters.get(name));
  const set = (name: FilterName, value: string) =>
    setParameters(
      (before) => {
        if (value) before.set(name, value);
        else before.delete(name);
        return before;
      },
      { replace: true },
    );
  return (
    <search className={styles["filters"]}>
      <Text
        name="job"
        label="Job"
        placeholder="id of a job, or *"
        set={set}
        value={parameters.get("job") ?? ""}
      />
      <Text
        name="by"
        label="Changed by"
        placeholder="subject or role"
        set={set}
        value={parameters.get("by") ?? ""}
      />
      <Select
        label="Operation"
        value={isOperation(operation) ? operation : ANY}
        choices={CHOICES}
        onChange={(chosen) => set("operation", chosen === ANY ? "" : chosen)}
      />
      <TextField
        label="From"
        type="date"
        value={parameters.get("from") ?? ""}
        onChange={(day) => set("from", day)}
      />
      <TextField
        label="To"
        type="date"
        value={parameters.get("to") ?? ""}
        onChange={(day) => set("to", day)}
      />
      {isFiltered && <Button onPress={() => setParameters({})}>Clear</Button>}
    </search>
  );
}

const PAUSE_MS = 250;

interface TextProps {
  name: FilterName;
  label: string;
  placeholder: string;
  value: string;
  set: (name: FilterName, value: string) => void;
}

/** A text that is asked for when the typing pauses. */
function Text({ name, label, placeholder, value, set }: TextProps) {
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setTyped(value);
  }
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => set(name, typed), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed, value, name, set]);
  return <TextField label={label} placeholder={placeholder} value={typed} onChange={setTyped} />;
}
