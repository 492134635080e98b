/** What is looked for, and in which order it stands. */
import { useEffect, useRef } from "react";
import { Button } from "../../components/Button";
import { SearchField, Select, type Choice } from "../../components/fields";
import { groupChoices } from "../../components/groups";
import { count } from "../../time/format";
import { isNarrowed, type Filters, type Kind, type Sort } from "./filters";
import styles from "./Toolbar.module.css";

const KINDS: readonly Choice<Kind>[] = [
  { id: "any", name: "Any schedule" },
  { id: "CRON", name: "Scheduled" },
  { id: "MANUAL", name: "Manual" },
];
const LAYOUTS: readonly Choice<"groups" | "flat">[] = [
  { id: "groups", name: "By group" },
  { id: "flat", name: "One list" },
];
type Order = Sort | `-${Sort}`;
const ORDERS: readonly Choice<Order>[] = [
  { id: "name", name: "Name, A to Z" },
  { id: "-name", name: "Name, Z to A" },
  { id: "status", name: "Trouble first" },
  { id: "-last", name: "Last run, newest first" },
  { id: "last", name: "Last run, oldest first" },
  { id: "next", name: "Next run, soonest first" },
  { id: "-next", name: "Next run, latest first" },
];

interface ToolbarProps {
  filters: Filters;
  groups: readonly string[];
  found: number;
  all: number;
  /** The table has its order in its head; cards have none. */
  withOrder: boolean;
  onChange: (some: Partial<Filters>) => void;
  onClear: () => void;
}

export function Toolbar({ filters, groups, found, all, withOrder, onChange, onClear }: ToolbarProps) {
  const bar = useRef<HTMLDivElement>(null);
  useSlash(bar);
  const order: Order = filters.isDescending ? `-${filters.sort}` : filters.sort;
  return (
    <div className={styles["bar"]} ref={bar} role="search" aria-label="Jobs">
      <div className={styles["search"]}>
        <SearchField
          label="Search jobs"
          placeholder="Name, id, group, handler … ( / )"
          value={filters.text}
          onChange={(text) => onChange({ text })}
        />
      </div>
      <Select
        label="Group"
        isLabelHidden
        value={`=${filters.group}`}
        choices={groupChoices(groups, filters.group)}
        onChange={(group) => onChange({ group: group.slice(1) })}
      />
      <Select
        label="Schedule"
        isLabelHidden
        value={filters.kind}
        choices={KINDS}
        onChange={(kind) => onChange({ kind })}
      />
      <Select
        label="Layout"
        isLabelHidden
        value={filters.isGrouped ? "groups" : "flat"}
        choices={LAYOUTS}
        onChange={(layout) => onChange({ isGrouped: layout === "groups" })}
      />
      {withOrder && (
        <Select
          label="Order"
          isLabelHidden
          value={order}
          choices={ORDERS}
          onChange={(id) => onChange({ sort: id.replace("-", "") as Sort, isDescending: id.startsWith("-") })}
        />
      )}
      <div className={styles["found"]}>
        <span role="status">{found === all ? "" : `${count(found)} of ${count(all)} jobs`}</span>
        {isNarrowed(filters) && (
          <Button isSmall look="quiet" onPress={onClear}>
            Clear filters
          </Button>
        )}
      </div>
    </div>
  );
}

/** Lets the key "/" lead to the search, except where it is a letter of something typed. */
function useSlash(bar: React.RefObject<HTMLElement | null>) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      const { target } = event;
      if (target instanceof Element && target.closest(WHERE_TYPED)) return;
      event.preventDefault();
      bar.current?.querySelector("input")?.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [bar]);
}

const WHERE_TYPED = "input, textarea, select, [contenteditable], [role=dialog], [role=menu], [role=listbox]";
