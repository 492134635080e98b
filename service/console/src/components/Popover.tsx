/** What opens beside a button or a field, over the page: menus, lists to choose from, facts. */
import { Popover as AriaPopover, type PopoverProps as AriaPopoverProps } from "react-aria-components";
import { classes } from "./classes";
import styles from "./Popover.module.css";

interface PopoverProps extends Omit<AriaPopoverProps, "className"> {
  className?: string | undefined;
}

export function Popover({ className, ...props }: PopoverProps) {
  return <AriaPopover {...props} className={classes(styles["popover"], className)} />;
}
