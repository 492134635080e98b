/** A field in which anything may be typed, with what is known to choose from. */
import { ListBox, ListBoxItem, Text } from "react-aria-components";
import type { ReactNode } from "react";
import { ComboField } from "../../components/ComboField";
import fields from "../../components/fields.module.css";
import styles from "./SuggestField.module.css";

interface Suggestion {
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

export function SuggestField({ value, suggestions, isCode = false, onChange, ...props }: SuggestFieldProps) {
  return (
    <ComboField
      {...props}
      isCode={isCode}
      inputValue={value}
      onInputChange={onChange}
      defaultItems={suggestions}
      allowsCustomValue
      menuTrigger="focus"
      className={styles["popover"]}
    >
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
    </ComboField>
  );
}
