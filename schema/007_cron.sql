-- The grammar of cron expressions, so that a bad one is refused at the psql prompt too.
-- It accepts and refuses what service/domain/cron/grammar.py does, in the same words; a test compares the two.
-- It computes no fire: what parses and yet never fires is only known to the service.

create function cron_quote(written text) returns text
language sql immutable strict parallel safe
as $$
    select case when length(written) > 24 then left(written, 24) || '...' else written end
$$;

create function cron_remedy(field int) returns text
language sql immutable strict parallel safe
as $$
    select (array[
        'a number from 0 to 59, a range such as 10-20, a step such as */15, or a list of these',
        'a number from 0 to 59, a range such as 10-20, a step such as */15, or a list of these',
        'a number from 0 to 23, a range such as 9-17, a step such as */2, or a list of these',
        'a number from 1 to 31, a range such as 1-7, a step such as */2, one of L, L-3, LW, 15W, or a list of'
            ' these; or ?',
        'a number from 1 to 12 or a name from JAN to DEC, a range such as MAR-MAY, a step such as */3, or a list'
            ' of these',
        'a number from 0 to 7 (0 and 7 are Sunday) or a name from SUN to SAT, a range such as MON-FRI, one of'
            ' FRIL, MON#1, or a list of these; or ?'
    ])[field]
$$;

-- Any number above 999 is 999: no field goes so far, and an integer ends somewhere.
create function cron_number(digits text) returns int
language sql immutable strict parallel safe
as $$
    select case when length(ltrim(digits, '0')) > 3 then 999 else ('0' || ltrim(digits, '0'))::int end
$$;

-- The value of a number or name in a field (1 second, ... 6 day of week), or what is wrong with it.
create function cron_value(field int, written text, out value int, out fault text)
language plpgsql immutable strict parallel safe
as $$
declare
    lowest constant int := case when field in (4, 5) then 1 else 0 end;
    highest constant int := case field when 3 then 23 when 4 then 31 when 5 then 12 when 6 then 7 else 59 end;
begin
    if written ~ '^[0-9]' then
        value := cron_number(written);
        if value not between lowest and highest then
            fault := format('%s is outside %s-%s', cron_quote(written), lowest, highest);
        end if;
    elsif field = 5 then
        value := array_position('{JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC}'::text[], written);
        fault := case when value is null then cron_quote(written) || ' is not the name of a month' end;
    elsif field = 6 then
        value := array_position('{MON,TUE,WED,THU,FRI,SAT,SUN}'::text[], written);
        fault := case when value is null then cron_quote(written) || ' is not the name of a day' end;
    else
        fault := cron_quote(written) || ' is not a number';
    end if;
end
$$;

-- One item of a field's list: the numbers `low` to `high` by `step`, or what is wrong with it.
-- Of a special day of the month, `low` is the number of days that a month must have for it.
create function cron_item(
    field int, written text, out low int, out high int, out step int, out fault text, out hint text
)
language plpgsql immutable strict parallel safe
as $$
declare
    first constant int := case when field in (4, 5, 6) then 1 else 0 end;
    last constant int := case field when 3 then 23 when 4 then 31 when 5 then 12 when 6 then 7 else 59 end;
    parts text[];
begin
    step := 1;
    if written = '*' then
        low := first;
        high := last;
        return;
    end if;
    if written = '' then
        fault := 'an item of the list is empty';
        hint := 'remove the comma that is too many';
        return;
    end if;

    if field = 4 and written ~ '^(L|LW|L-[0-9]+|[0-9]+W)$' then
        if written in ('L', 'LW') then
            low := 1;
        elsif written ~ 'W$' then
            select v.value, v.fault into low, fault from cron_value(field, rtrim(written, 'W')) v;
        else
            low := cron_number(substr(written, 3)) + 1;
            if low not between 2 and 31 then
                fault := cron_quote(written) || ' is outside L-1 to L-30';
            end if;
        end if;
        hint := case when fault is not null then cron_remedy(field) end;
        return;
    end if;

    if field = 6 then
        parts := regexp_match(written, '^([0-9]+|[A-Z]{3})(?:L|#([0-9]+))$');
        if parts is not null then
            select v.fault into fault from cron_value(field, parts[1]) v;
            if fault is null and cron_number(parts[2]) not between 1 and 5 then
                fault := format('in %s the number after # is not 1 to 5', cron_quote(written));
            end if;
            hint := case when fault is not null then cron_remedy(field) end;
            return;
        end if;
    end if;

    parts := regexp_match(written, '^(?:(\*)|([0-9]+|[A-Z]+)(?:-([0-9]+|[A-Z]+))?)(?:/([0-9]+))?$');
    if parts is null or written ~ '^[HR]([/(].*)?$' then
        fault := case
            when strpos(written, '?') > 0 then '? stands alone, and only in the two day fields'
            when written ~ '^[HR]([/(].*)?$' then
                cron_quote(written) || ' would be another time on each replica; H and R are not supported'
            else cron_quote(written) || ' is not understood'
        end;
        hint := cron_remedy(field);
        return;
    end if;

    if parts[1] is null then
        select v.value, v.fault into low, fault from cron_value(field, parts[2]) v;
        high := low;
        if fault is null and parts[3] is not null then
            select v.value, v.fault into high, fault from cron_value(field, parts[3]) v;
        end if;
    end if;
    if fault is null and cron_number(parts[4]) = 0 then
        fault := format('in %s the step is less than 1', cron_quote(written));
    end if;
    if fault is not null then
        hint := cron_remedy(field);
        return;
    end if;
    step := coalesce(cron_number(parts[4]), 1);
    if parts[1] is not null then
        low := first;
        high := last;
    elsif parts[3] is null and parts[4] is not null then
        high := last;
    elsif field = 6 and low <> high then
        -- Sunday is 0 as the low end and 7 as the high end.
        low := low % 7;
        high := case high when 0 then 7 else high end;
    end if;
    if low > high then
        fault := format(
            'the range %s runs backwards; list the %s instead', cron_quote(written),
            case field when 1 then 'seconds' when 2 then 'minutes' when 3 then 'hours' when 5 then 'months' else 'days' end
        );
        hint := case when parts[4] is not null then cron_remedy(field) else format(
            'write %s,%s',
            case when low = last then low::text else low || '-' || last end,
            case when high = first then high::text else first || '-' || high end
        ) end;
    end if;
end
$$;

-- What is wrong with a cron expression; `message` is null if nothing is.
create function cron_fault(expression text, out message text, out hint text)
language plpgsql immutable strict parallel safe
as $$
declare
    six_fields constant text := 'second minute hour day-of-month month day-of-week, such as 0 */5 * * * MON-FRI';
    labels constant text[] := '{second,minute,hour,day-of-month,month,day-of-week}';
    fields text[];
    written text;
    item record;
    needed int := 31;       -- the days that a month must have for the easiest item of the day of the month
    months int := 0;        -- bit n: month n is named
    longest int;
begin
    if length(expression) > 512 then
        message := 'the cron expression has more than 512 characters';
        hint := 'shorten it, or spread it over two jobs';
        return;
    end if;

    -- Nearly every row, several times as fast (7 to 15 µs, else 40 to 120); the rest would let these through too.
    if expression ~ ('^(\*|[0-5]?[0-9])(/[1-9])?(,[0-5]?[0-9])* (\*|[0-5]?[0-9])(/[1-9][0-9]?)?(,[0-5]?[0-9])*'
        || ' (\*|1?[0-9]|2[0-3])(/[1-9][0-9]?)?(,(1?[0-9]|2[0-3]))* ([*?]|[1-9]|[12][0-9]) (\*|[1-9]|1[0-2])'
        || ' ([*?]|[0-7]|MON-FRI|MON|TUE|WED|THU|FRI|SAT|SUN)$')
    then
        -- With the day 1 to 29 there is always a month that has it.
        return;
    end if;

    -- Before any upper-casing: ſun and frı upper-case to SUN and FRI.
    if expression ~ '[^\x01-\x7f]' then
        message := format(
            'character %s of the cron expression is not ASCII', length(substring(expression from '^[\x01-\x7f]*')) + 1
        );
        hint := 'retype it with plain letters, digits and spaces';
        return;
    end if;
    if expression ~ '[\x01-\x08\x0a-\x1f\x7f]' then
        message := format(
            'character %s of the cron expression is a control character',
            length(substring(expression from '^[\x09\x20-\x7e]*')) + 1
        );
        hint := 'separate the fields with spaces or tabs';
        return;
    end if;

    expression := btrim(translate(upper(expression collate "C"), E'\t', ' '));
    if expression = '' then
        message := 'the cron expression is empty';
        hint := six_fields;
        return;
    end if;
    if expression like '@%' then
        if expression not in ('@YEARLY', '@ANNUALLY', '@MONTHLY', '@WEEKLY', '@DAILY', '@MIDNIGHT', '@HOURLY') then
            message := cron_quote(expression) || ' is not a known macro';
            hint := 'the macros are @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly';
        end if;
        return;
    end if;
    if expression ~ '^(CRON_)?TZ=' then
        message := 'a time zone does not belong in the cron expression';
        hint := 'set time_zone of the job instead';
        return;
    end if;

    fields := array_remove(string_to_array(expression, ' '), '');
    if cardinality(fields) = 5 then
        fields := array_prepend('0', fields);
    elsif cardinality(fields) <> 6 then
        message := case cardinality(fields)
            when 7 then 'the cron expression has 7 fields; a year field is not supported'
            when 1 then 'the cron expression has 1 field, not six (or five, without the second)'
            else format(
                'the cron expression has %s fields, not six (or five, without the second)', cardinality(fields)
            )
        end;
        hint := six_fields;
        return;
    end if;

    for field in 1..6 loop
        if fields[field] = '*' or (fields[field] = '?' and field in (4, 6)) then
            if field = 4 then
                needed := 1;
            elsif field = 5 then
                months := -1;
            end if;
            continue;
        end if;
        foreach written in array string_to_array(fields[field], ',') loop
            item := cron_item(field, written);
            if item.fault is not null then
                message := labels[field] || ': ' || item.fault;
                hint := item.hint;
                return;
            end if;
            if field = 4 then
                needed := least(needed, item.low);
            elsif field = 5 and needed > 29 then
                for month in item.low..item.high by item.step loop
                    months := months | (1 << month);
                end loop;
            end if;
        end loop;
    end loop;

    if needed > 29 then
        longest := case
            when months & b'1010110101010'::int > 0 then 31     -- December, October, August, July, May, March, January
            when months & b'0101001010000'::int > 0 then 30     -- November, September, June, April
            else 29
        end;
        if needed > longest then
            message := format(
                'day-of-month: the months named have at most %s days, and this needs %s', longest, needed
            );
            hint := 'name an earlier day or a longer month; L is the last day of any month';
        end if;
    end if;
end
$$;
