/** What the overlap policy means for a run by hand, in words. */

/** What the overlap policy does with a further run while so many are unfinished. */
export function overlapWords(policy: string, unfinished: number): { words: string; isRefused: boolean } {
  if (policy === "ALLOW") {
    return {
      words: "It is running: with the overlap policy ALLOW this run starts beside it.",
      isRefused: false,
    };
  }
  if (policy !== "SKIP" && unfinished > 1) {
    const words = `It is running, and another execution waits: with the overlap policy ${policy} a third is refused.`;
    return { words, isRefused: true };
  }
  if (policy === "QUEUE") {
    const words = "It is running: with the overlap policy QUEUE this run waits until it has ended.";
    return { words, isRefused: false };
  }
  if (policy === "REPLACE") {
    const words =
      "It is running: with the overlap policy REPLACE that execution is cancelled, and then this run starts.";
    return { words, isRefused: false };
  }
  return {
    words: `It is running: with the overlap policy ${policy} this run will be refused.`,
    isRefused: true,
  };
}
