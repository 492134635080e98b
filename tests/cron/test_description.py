"""Schedules in words."""

import pytest

from service.domain.cron.description import describe, schedule_description
from service.domain.cron.grammar import read_expression

WORDS = {
    "0 */5 * * * MON-FRI": "Every 5 minutes, Monday to Friday",
    "0 0 2 * * *": "At 02:00 every day",
    "@hourly": "Every hour",
    "@weekly": "At 00:00 on Sunday",
    "@monthly": "At 00:00 on the 1st of the month",
    "@yearly": "At 00:00 on the 1st of January",
    "* * * * * *": "Every second",
    "0/10 * * * * *": "Every 10 seconds",
    "* * * * *": "Every minute",
    "0 0,15,30,45 * * * ?": "Every 15 minutes",
    "0 5,35 * * * *": "At 5 and 35 minutes past every hour",
    "0 1 * * * *": "At 1 minute past every hour",
    "0 */5 9-16 * * MON-FRI": "Every 5 minutes from 09:00 to 16:55, Monday to Friday",
    "0 30 9-17 * * 6,7": "Every hour from 09:30 to 17:30 on Saturday and Sunday",
    "0 15 */2 * * *": "Every 2 hours from 00:15",
    "15 30 6,18 * * *": "At 06:30:15 and 18:30:15 every day",
    "0 0 0 13 * FRI": "At 00:00 on the 13th, if it is a Friday",
    "0 0 0 13 * MON,FRI": "At 00:00 on the 13th, if it is a Monday or a Friday",
    "0 0 0 1-7 * MON": "At 00:00 on the 1st to 7th, if it is a Monday",
    "0 0 0 1 * MON-FRI": "At 00:00 on the 1st, if it falls on Monday to Friday",
    "0 0 0 L * FRIL": "At 00:00 on the last day of the month, if it is the last Friday of the month",
    "0 0 0 L * ?": "At 00:00 on the last day of the month",
    "0 0 0 L-3 * *": "At 00:00 3 days before the last day of the month",
    "0 0 0 LW 1,7 *": "At 00:00 on the last Monday-to-Friday day of January and July",
    "0 0 0 15W * *": "At 00:00 on the Monday-to-Friday day nearest the 15th of the month",
    "0 0 0 2,31 * *": "At 00:00 on the 2nd and 31st of the month, where the month has that day",
    "0 0 0 31 1 *": "At 00:00 on the 31st of January",
    "0 0 0 29 2 *": "At 00:00 on the 29th of February, in leap years",
    "0 0 9 * * FRIL": "At 09:00 on the last Friday of the month",
    "0 0 9 * 3 MON#1,MON#3": "At 09:00 on the 1st Monday and the 3rd Monday of March",
    "0 0 9 * JAN-MAR MON": "At 09:00 on Monday, from January to March",
    "0 0 9 * JAN,MAR *": "At 09:00 every day, in January and March",
}
WITHOUT_WORDS = [
    "0 */7 * * * *",  # not every 7 minutes: the hour starts anew
    "0 0 */5 * * MON,FRI#2",
    "0 0 9 */2 * *",  # not every second day: 31, then 1
    "0 0 9 1,15,L * *",
    "0 0 9 31W * *",  # not in every month
    "0 0 9 L-29 * *",
    "* 0 12 * * *",
    "0 0 0 * 1,2,4,5,7,8,10 *",
]


@pytest.mark.parametrize(("expression", "words"), WORDS.items())
def test_a_common_shape_has_words(expression: str, words: str):
    """AND of the two day fields is said as such, and so is a day that not every month has."""
    assert describe(read_expression(expression)) == words


@pytest.mark.parametrize("expression", WITHOUT_WORDS)
def test_where_words_would_mislead_there_are_none(expression: str):
    """Better silent than wrong."""
    assert describe(read_expression(expression)) is None


@pytest.mark.parametrize(
    ("expression", "words"),
    [("0 0 2 * * *", "At 02:00 every day"), ("@hourly", "Every hour"), ("0 */7 * * * *", None)],
)
def test_a_schedule_is_described_by_its_text(expression: str, words: str | None):
    """The same words as the preview's."""
    assert schedule_description(expression) == words


@pytest.mark.parametrize("expression", ["", "every day at noon", "0 0 25 * * *", "0 0 0 31 2 *"])
def test_what_cannot_be_read_has_no_words(expression: str):
    """A list of jobs shows such a one with all the others."""
    assert schedule_description(expression) is None
