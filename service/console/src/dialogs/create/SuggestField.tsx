/** A field in which anything may be typed, with what is known to choose from. */
import {
  Button as AriaButton,
  ComboBox,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Text,
} from "react-aria-components";
import type { ReactNode } from "react";
import { classes } from "../../components/classes";
import fields from "../../components/fields.module.css";
import styles from "./SuggestField.module.css";

export interface Suggestion {
  id: string;
  /** What it is, in a line under its name. */
  about?: string | null;
}

interface SuggestFieldProps {
  label: string;
  value: string;
  suggestions: readonly Suggestion[];
  error?: string | undefined;
  hint?: ReactNode;
  placeholder?: string;
  isCode?: boolean;
  onChange: (value: string) => void;
}

export function SuggestField({
  label,
  value,
  suggestions,
  error,
  hint,
  placeholder = "",
  isCode = false,
  onChange,
}: SuggestFieldProps) {
  return (
    <ComboBox
      className={fields["field"] ?? ""}
      inputValue={value}
      onInputChange={onChange}
      defaultItems={suggestions}
      allowsCustomValue
      menuTrigger="focus"
      isInvalid={error !== undefined}
    >
      <Label className={fields["label"] ?? ""}>{label}</Label>
      <div className={styles["box"]}>
        <Input
          className={classes(fields["input"], isCode && fields["code"])}
          placeholder={placeholder}
          spellCheck="false"
        />
        <AriaButton className={styles["open"] ?? ""}>▾</AriaButton>
      </div>
      {hint !== undefined && (
        <Text slot="description" className={fields["hint"] ?? ""}>
          {hint}
        </Text>
      )}
      <FieldError className={fields["error"] ?? ""}>{error}</FieldError>
      <Popover className={classes(fields["popover"], styles["popover"])}>
        <ListBox<Suggestion> className={fields["options"] ?? ""}>
          {({ id, about }) => (
            <ListBoxItem id={id} textValue={id} className={fields["option"] ?? ""}>
              <bdi className={isCode ? fields["code"] : undefined}>{id}</bdi>
              {about && (
                <Text slot="description" className={styles["about"] ?? ""}>
                  {about}
                </Text>
              )}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </ComboBox>
  );
}
