"""Refusals of the REST API: code to HTTP status and words, in the body shape every 2010-04-01 error has."""

from __future__ import annotations

# code: (HTTP status, words). Twilio varies its words; only the code is meant to be relied on.
REFUSALS: dict[int, tuple[int, str]] = {
    20001: (400, "Unknown parameters in the request."),
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    13216: (400, "Invalid TimeLimit: below the elapsed call duration."),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url is not a valid URL"),
    21210: (400, "The source phone number provided is not yet verified for your account."),
    21211: (400, "The 'To' number is not a valid phone number."),
    21212: (400, "The 'From' number is not a valid phone number."),
    21213: (400, "'From' phone number is required"),
    21214: (400, "'To' phone number cannot be reached"),
    21215: (400, "Account not authorized to call this number. Check the geo permissions."),
    21216: (400, "Account not allowed to call this number"),
    21217: (400, "Phone number does not appear to be valid"),
    21218: (400, "Invalid StatusCallback or parameter value"),
    21220: (400, "Call is not in-progress. Cannot redirect."),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number provided is not a valid message-capable Twilio phone number."),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    30034: (400, "US A2P 10DLC - Message from an Unregistered Number"),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    32018: (400, "Twiml parameter exceeds 4000 characters"),
}


class Refusal(Exception):
    """The API said no. Carries Twilio's code and the HTTP status that goes with it."""

    def __init__(self, code: int, words: str | None = None) -> None:
        self.code = code
        self.status, self.words = REFUSALS[code][0], words or REFUSALS[code][1]
        super().__init__(f"{code}: {self.words}")

    def body(self) -> dict[str, object]:
        return {
            "code": self.code,
            "message": self.words,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
