/** Buttons, and links that look like them. */
import {
  Button as AriaButton,
  Link as AriaLink,
  type ButtonProps as AriaButtonProps,
  type LinkProps,
} from "react-aria-components";
import styles from "./Button.module.css";
import { classes } from "./classes";
import { useDropped } from "./second_click";

export type Look = "primary" | "plain" | "quiet" | "danger";

interface ButtonProps extends Omit<AriaButtonProps, "className"> {
  look?: Look;
  isSmall?: boolean;
  className?: string;
}

export function Button({ look = "plain", isSmall = false, className, ...props }: ButtonProps) {
  const isDropped = useDropped();
  return (
    <AriaButton
      {...props}
      onPress={(press) => !isDropped() && props.onPress?.(press)}
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
  const isDropped = useDropped();
  return (
    <AriaLink
      {...props}
      onPress={(press) => !isDropped() && props.onPress?.(press)}
      onClick={(click) => isDropped() && click.preventDefault()}
      className={classes(styles["button"], styles[look], isSmall && styles["small"], className)}
    />
  );
}
