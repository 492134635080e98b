/** What the policies of a job mean, in sentences. */

export const OVERLAP: Record<string, string> = {
  SKIP: "While an execution is unfinished, a fire is skipped, and a trigger refused.",
  QUEUE: "While an execution is unfinished, one more waits behind it.",
  ALLOW: "Executions may run beside each other.",
  REPLACE: "A new execution cancels the unfinished one.",
};

export const MISFIRE: Record<string, string> = {
  COALESCE: "Fires that nobody could fire become one execution.",
  SKIP: "Fires that nobody could fire are recorded, and not run.",
  ALL: "Each fire that nobody could fire is run.",
};

export const CLOCK_CHANGE: Record<string, string> = {
  ONCE: "A time of day fires once a day, also when clocks change.",
  WALL: "It fires whenever the wall clock shows the time: twice or never on the day of a clock change.",
};

export const ON_LOST: Record<string, string> = {
  FAIL: "A run whose replica dies is not started again: started at most once.",
  RETRY: "A run whose replica dies is taken over by another: completed at least once.",
};
