/** What narrows, searches and takes along the log. */
import { lineAsText, type LogLine } from "../../../api/log_lines";
import { Button } from "../../../components/Button";
import { CopyButton } from "../../../components/Copy";
import { SearchField, Select, Switch } from "../../../components/fields";
import { count } from "../../../time/format";
import styles from "./Log.module.css";
import { LEVELS, type Level } from "./selection";

const NAMES: Record<Level, string> = {
  ALL: "All levels",
  WARNING: "Warnings and errors",
  ERROR: "Errors",
};
const CHOICES = LEVELS.map((id) => ({ id, name: NAMES[id] }));

interface LogToolsProps {
  level: Level;
  onLevel: (level: Level) => void;
  text: string;
  onText: (text: string) => void;
  /** How often the text was found, and which of these places is marked (-1: none); null: nothing is looked for. */
  found: { number: number; place: number } | null;
  onGo: (step: 1 | -1) => void;
  isFollowing: boolean;
  /** Null: nothing more will come. */
  onFollow: ((isFollowing: boolean) => void) | null;
  lines: readonly LogLine[];
  /** Of the file that is downloaded. */
  name: string;
}

export function LogTools(props: LogToolsProps) {
  const { level, onLevel, text, onText, found, onGo, isFollowing, onFollow, lines, name } = props;
  const asText = () => lines.map(lineAsText).join("\n") + "\n";
  return (
    <div className={styles["tools"]}>
      <Select label="Level" isLabelHidden value={level} choices={CHOICES} onChange={onLevel} />
      <SearchField
        label="Search the log"
        value={text}
        onChange={onText}
        onSubmit={() => onGo(1)}
        placeholder="Search; Enter: next"
      />
      {found && (
        <span className={styles["found"]}>
          <span role="status">{foundWords(found)}</span>
          <Button
            isSmall
            look="quiet"
            aria-label="Previous"
            isDisabled={!found.number}
            onPress={() => onGo(-1)}
          >
            ↑
          </Button>
          <Button isSmall look="quiet" aria-label="Next" isDisabled={!found.number} onPress={() => onGo(1)}>
            ↓
          </Button>
        </span>
      )}
      {onFollow && (
        <Switch isSelected={isFollowing} onChange={onFollow}>
          Follow
        </Switch>
      )}
      <span className={styles["take"]}>
        <CopyButton text={asText} label="Copy the lines" />
        <Button
          isSmall
          look="quiet"
          isDisabled={lines.length === 0}
          onPress={() => download(`${name}.log`, asText())}
        >
          Download
        </Button>
      </span>
    </div>
  );
}

function foundWords({ number, place }: { number: number; place: number }): string {
  if (number === 0) return "Not found";
  const lines = number === 1 ? "line" : "lines";
  return place < 0 ? `In ${count(number)} ${lines}` : `${count(place + 1)} of ${count(number)} ${lines}`;
}

function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
