"""The words a person agrees to on the demo form; what is stored as consent is exactly what was shown."""

from campaign.file import Seller

VERSION = "demo-1"


def text(seller: Seller) -> str:
    return (
        f"I agree that {seller.legal_name} ({seller.brand}) may call me on the number above about my request, using an "
        "artificial intelligence (AI) voice and automated technology. Agreeing is not a condition of buying anything. "
        "I can say stop at any time."
    )
