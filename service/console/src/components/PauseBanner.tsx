/** Says that all jobs are paused, why, by whom and until when, and ends it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, data } from "../api/client";
import { keys, pauseQuery } from "../api/queries";
import { useMay } from "../api/session";
import { wordsOf } from "../api/words";
import styles from "./Banner.module.css";
import { Button } from "./Button";
import { useEndOfPause } from "./pause_end";
import { notify } from "./toast_queue";
import { At, Countdown } from "./When";

export function PauseBanner() {
  const { data: pause } = useQuery(pauseQuery);
  const cache = useQueryClient();
  useEndOfPause(pause?.pausedUntil, () => {
    for (const queryKey of [keys.pause, keys.jobs, keys.anyJob]) void cache.invalidateQueries({ queryKey });
  });
  if (!pause?.isPaused) return null;
  const { pauseReason, pausedBy, pausedUntil } = pause;
  return (
    <div className={styles["paused"]} role="status">
      <span className={styles["text"]}>
        <span className={styles["mark"]} aria-hidden="true">
          ❚❚
        </span>
        <strong>All jobs are paused</strong>
        {pausedBy !== null && (
          <>
            {" "}
            by <bdi>{pausedBy}</bdi>
          </>
        )}
        {pausedUntil === null ? (
          ", until somebody resumes them"
        ) : (
          <>
            {" "}
            until <At instant={pausedUntil} /> (<Countdown instant={pausedUntil} />)
          </>
        )}
        {pauseReason === null ? "." : ":"}
        {pauseReason !== null && (
          <>
            {" "}
            <bdi>{pauseReason}</bdi>
          </>
        )}
      </span>
      <Resume />
    </div>
  );
}

function Resume() {
  const mayResume = useMay("operator");
  const cache = useQueryClient();
  const resume = useMutation({
    mutationFn: () => data(api.POST("/v1/console/resume")),
    onSuccess: (after) => {
      cache.setQueryData(keys.pause, after);
      void cache.invalidateQueries({ queryKey: keys.jobs });
      notify({
        tone: "success",
        title: "All jobs resumed",
        text: "Each fires again from its next fire time on; those paused by themselves stay so.",
      });
    },
    onError: (fault) => notify({ tone: "failed", title: "Could not resume all jobs", text: wordsOf(fault) }),
  });
  if (!mayResume) return null;
  return (
    <Button isSmall onPress={() => resume.mutate()} isDisabled={resume.isPending}>
      Resume all
    </Button>
  );
}
