/** Text to take along: a command, an id. */
import { useState } from "react";
import { Button } from "./Button";
import styles from "./Copy.module.css";

/** A button that copies a text, and says so; a long text may be made when it is wanted. */
export function CopyButton({ text, label }: { text: string | (() => string); label: string }) {
  const [said, setSaid] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "string" ? text : text());
      setSaid("Copied");
    } catch {
      setSaid("Select it, and copy it by hand");
    }
  };
  return (
    <Button look="quiet" isSmall aria-label={label} onPress={() => void copy()}>
      <span role="status">{said || "Copy"}</span>
    </Button>
  );
}

/** A command of several lines with its button. */
export function CopyBlock({ text, label }: { text: string; label: string }) {
  return (
    <div className={styles["block"]}>
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <CopyButton text={text} label={`Copy: ${label}`} />
    </div>
  );
}
