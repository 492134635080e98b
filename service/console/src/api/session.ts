/** Who uses the console, and what they may do; the server enforces it, the console only does not offer it. */
import { useSuspenseQuery } from "@tanstack/react-query";
import { api, data } from "./client";
import type { Role } from "./types";

const RANKS: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

export const sessionQuery = {
  queryKey: ["session"],
  queryFn: ({ signal }: { signal: AbortSignal }) => data(api.GET("/v1/console/session", { signal })),
  staleTime: Infinity,
};

/** Ends the session and leads to the sign-in page. */
export async function signOut(): Promise<void> {
  await api.POST("/signout");
  window.location.assign("/signin");
}

/** Who is signed in; suspends until that is known. */
export function useSession() {
  return useSuspenseQuery(sessionQuery).data;
}

/** Whether the user's role covers what an action needs. */
export function useMay(needed: Role): boolean {
  return RANKS[useSession().role] >= RANKS[needed];
}
