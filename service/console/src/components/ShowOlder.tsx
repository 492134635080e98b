/** The way to the next page of a list that has the newest first. */
import { Button } from "./Button";

interface ShowOlderProps {
  /** What the list holds: "executions". */
  what: string;
  /** What reads the list, page by page. */
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> };
}

export function ShowOlder({
  what,
  list: { hasNextPage, isFetchingNextPage, fetchNextPage },
}: ShowOlderProps) {
  if (!hasNextPage) return null;
  return (
    <Button isDisabled={isFetchingNextPage} onPress={() => void fetchNextPage()}>
      {isFetchingNextPage ? `Loading older ${what} …` : `Show older ${what}`}
    </Button>
  );
}
