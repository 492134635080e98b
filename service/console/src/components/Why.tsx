/** Asks why the job ran, or did not, at a time, and shows the answer. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Form } from "react-aria-components";
import { whyQuery } from "../api/job_history";
import { wordsOf } from "../api/words";
import { Button } from "./Button";
import { TextField } from "./fields";
import { now } from "../time/clock";
import { wallTime, instantOf } from "../time/zoned";
import styles from "./Why.module.css";

export function Why({ jobId, zone }: { jobId: string; zone: string }) {
  const [typed, setTyped] = useState(() => wallTime(now(), zone));
  const [asked, setAsked] = useState<string | null>(null);
  const instant = instantOf(typed, zone);
  const {
    data: answer,
    error,
    isFetching,
  } = useQuery({ ...whyQuery(jobId, asked ?? ""), enabled: asked !== null });
  return (
    <Form
      className={styles["why"] ?? ""}
      onSubmit={(event) => {
        event.preventDefault();
        setAsked(instant);
      }}
    >
      <TextField
        label={`Why did it run, or not, at (${zone})`}
        type="datetime-local"
        value={typed}
        onChange={setTyped}
        isRequired
      />
      <Button type="submit" isDisabled={instant === null}>
        Ask
      </Button>
      <p className={styles["answer"]} role="status">
        {isFetching && !answer ? "Asking …" : error ? <bdi>{wordsOf(error)}</bdi> : <bdi>{answer?.why}</bdi>}
      </p>
    </Form>
  );
}
