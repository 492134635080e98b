/** Says that all jobs are paused, why, by whom and until when, and ends it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, data } from "../api/client";
import { keys, pauseQuery } from "../api/queries";
import { useMay } from "../api/session";
import styles from "./Banner.module.css";
import { Button } from "./Button";
import { wordsOf } from "./Failure";
import { notify } from "./toast_queue";
import { At, Countdown } from "./When";

export function PauseBanner() {
  const { data: pause } = useQuery(pauseQuery);
  const mayResume = useMay("operator");
  const cache = useQueryClient();
  const resume = useMutation({
    mutationFn: () => data(api.POST("/v1/console/resume")),
    onSuccess: (after) => {
      cache.setQueryData(keys.pause, after);
      void cache.invalidateQueries({ queryKey: keys.jobs });
      notify({ tone: "success", title: "All jobs resumed" });
    },
    onError: (fault) => notify({ tone: "failed", title: "Could not resume", text: wordsOf(fault) }),
  });
  if (!pause?.isPaused) return null;
  return (
    <div className={styles["paused"]} role="status">
      <span>
        <strong>All jobs are paused</strong>
        {pause.pauseReason && (
          <>
            : <bdi>{pause.pauseReason}</bdi>
          </>
        )}
        {pause.pausedBy && (
          <>
            {" "}
            — by <bdi>{pause.pausedBy}</bdi>
          </>
        )}
        {pause.pausedUntil ? (
          <>
            , until <At instant={pause.pausedUntil} /> (<Countdown instant={pause.pausedUntil} />)
          </>
        ) : (
          ", until somebody resumes"
        )}
        .
      </span>
      {mayResume && (
        <Button isSmall onPress={() => resume.mutate()} isDisabled={resume.isPending}>
          Resume all
        </Button>
      )}
    </div>
  );
}
