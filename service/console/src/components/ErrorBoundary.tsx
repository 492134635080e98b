/** Shows what a screen could not bear, instead of an empty page. */
import { useQueryErrorResetBoundary } from "@tanstack/react-query";
import { Component, type ReactNode } from "react";
import { useLocation } from "react-router";
import { ApiError } from "../api/client";
import { useLiveState } from "../api/live";
import { Failure } from "./Failure";
import { MissingPart } from "./MissingPart";
import { Page } from "./Page";
import { isOfMissingPart } from "./parts";

/** Catches what its children throw, until the user goes elsewhere or, after a failed call, the connection is back. */
export function ErrorBoundary({ children }: { children: ReactNode }) {
  const { pathname } = useLocation();
  const { reset } = useQueryErrorResetBoundary();
  return (
    <Boundary place={pathname} isLive={useLiveState() === "live"} onReset={reset}>
      {children}
    </Boundary>
  );
}

interface BoundaryProps {
  place: string;
  isLive: boolean;
  /** Lets failed calls be tried again. */
  onReset: () => void;
  children: ReactNode;
}

class Boundary extends Component<BoundaryProps, { fault: unknown }> {
  override state: { fault: unknown } = { fault: null };

  static getDerivedStateFromError(fault: unknown) {
    return { fault: fault ?? new Error("Something unexpected happened.") };
  }

  override componentDidUpdate(before: BoundaryProps) {
    const { fault } = this.state;
    if (fault === null) return;
    const hasLeft = this.props.place !== before.place;
    const isBack = this.props.isLive && !before.isLive && fault instanceof ApiError;
    if (hasLeft || isBack) this.tryAgain();
  }

  private readonly tryAgain = () => {
    this.props.onReset();
    this.setState({ fault: null });
  };

  override render() {
    const { fault } = this.state;
    if (fault === null) return this.props.children;
    // A call can be repeated; what broke otherwise would break again with what the page has in memory.
    const onRetry = fault instanceof ApiError ? this.tryAgain : () => window.location.reload();
    return (
      <Page title="This page cannot be shown">
        {isOfMissingPart(fault) ? (
          <MissingPart />
        ) : (
          <Failure fault={fault} what="this page" onRetry={onRetry} />
        )}
      </Page>
    );
  }
}
