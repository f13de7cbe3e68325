"""Routes of payments."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from vouchers.payments.api import cards, orders, views


class ShopConverter(StringConverter):
    """The number of a shop."""

    regex = "M[0-9]{9}"


register_converter(ShopConverter, "shop")

urlpatterns = [
    path("payments", views.PaymentsView.as_view(), name="payments"),
    path("shops/<shop:shop>/qr-codes", views.SaleCodesView.as_view(), name="sale-codes"),
    path("shops/<shop:shop>/qr-codes/<uuid:code>", views.SaleCodeView.as_view(), name="sale-code"),
    path("wallets/<uuid:wallet>/payment-tokens", views.PaymentTokensView.as_view(), name="payment-tokens"),
    path("cpm-payments", views.ScannedPaymentsView.as_view(), name="scanned-payments"),
    path("shops/<shop:shop>/payments", views.ShopPaymentsView.as_view(), name="shop-payments"),
    path("shops/<shop:shop>/payments/<uuid:payment>", views.ShopPaymentView.as_view(), name="shop-payment"),
    path(
        "shops/<shop:shop>/payments/<uuid:payment>/cancellations",
        views.ShopCancellationsView.as_view(),
        name="shop-cancellations",
    ),
    path("payment-previews", views.PreviewsView.as_view(), name="payment-previews"),
    path("orders", orders.OrdersView.as_view(), name="orders"),
    path("orders/<uuid:order>/confirmation", orders.ConfirmationView.as_view(), name="order-confirmation"),
    path("orders/<uuid:order>/cancellations", orders.OrderCancellationsView.as_view(), name="order-cancellations"),
    path("cards", cards.CardsView.as_view(), name="cards"),
    path("cards/<uuid:card>/termination", cards.CardEndView.as_view(), name="card-end"),
    path("card-authorisations", cards.AuthorisationsView.as_view(), name="card-authorisations"),
    path(
        "card-authorisations/<uuid:approval>/cancellations",
        cards.AuthorisationCancellationsView.as_view(),
        name="card-cancellations",
    ),
    path("card-reversals", cards.ReversalsView.as_view(), name="card-reversals"),
    path("payments/<uuid:payment>", views.PaymentView.as_view(), name="payment"),
    path("payments/<uuid:payment>/cancellations", views.CancellationsView.as_view(), name="cancellations"),
]
