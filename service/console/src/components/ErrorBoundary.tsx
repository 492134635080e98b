/** Shows what a screen could not bear, instead of an empty page. */
import { Component, type ReactNode } from "react";
import { Failure } from "./Failure";

interface State {
  fault: unknown;
}

export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { fault: null };

  static getDerivedStateFromError(fault: unknown): State {
    return { fault };
  }

  override render() {
    if (this.state.fault === null) return this.props.children;
    return <Failure fault={this.state.fault} what="this page" onRetry={() => window.location.reload()} />;
  }
}
