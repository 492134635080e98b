/** Buttons, and links that look like them. */
import {
  Button as AriaButton,
  Link as AriaLink,
  type ButtonProps as AriaButtonProps,
  type LinkProps,
} from "react-aria-components";
import styles from "./Button.module.css";
import { classes } from "./classes";

export type Look = "primary" | "plain" | "quiet" | "danger";

export interface ButtonProps extends Omit<AriaButtonProps, "className"> {
  look?: Look;
  isSmall?: boolean;
  className?: string;
}

export function Button({ look = "plain", isSmall = false, className, ...props }: ButtonProps) {
  return (
    <AriaButton
      {...props}
      className={classes(styles["button"], styles[look], isSmall && styles["small"], className)}
    />
  );
}

export function LinkButton({
  look = "plain",
  isSmall = false,
  className,
  ...props
}: Omit<LinkProps, "className"> & { look?: Look; isSmall?: boolean; className?: string }) {
  return (
    <AriaLink
      {...props}
      className={classes(styles["button"], styles[look], isSmall && styles["small"], className)}
    />
  );
}
