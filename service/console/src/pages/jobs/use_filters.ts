/** The filters in the address, and the text that somebody types, which the address follows. */
import { useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { filtersOf, NO_NARROWING, withFilters, type Filters } from "./filters";

interface OurState {
  isTyped?: boolean;
}

/**
 * Returns the filters, and functions that change some of them, or clear all.
 *
 * The text is kept here, too: the router shows a new address a moment later, and letters would be lost.
 */
export function useFilters() {
  const location = useLocation();
  const navigate = useNavigate();
  const found = filtersOf(new URLSearchParams(location.search));
  const [typed, setTyped] = useState({ text: found.text, key: location.key });
  const isFromElsewhere =
    typed.key !== location.key && !(location.state as OurState | null)?.isTyped && typed.text !== found.text;
  if (isFromElsewhere) setTyped({ text: found.text, key: location.key });
  const filters: Filters = { ...found, text: isFromElsewhere ? found.text : typed.text };

  const go = (next: Filters, isTyped: boolean) => {
    const search = withFilters(new URLSearchParams(location.search), next).toString();
    const state: OurState = { isTyped };
    void navigate({ search: search && `?${search}` }, { replace: true, state, preventScrollReset: true });
  };
  return {
    filters,
    change: (some: Partial<Filters>) => {
      if (some.text !== undefined) setTyped({ text: some.text, key: location.key });
      go({ ...filters, ...some }, true);
    },
    clear: () => {
      setTyped({ text: "", key: location.key });
      go({ ...filters, ...NO_NARROWING }, true);
    },
  };
}
