"""Routes of bank statements."""

from __future__ import annotations

from django.urls import path

from vouchers.reconciliation.api import views

urlpatterns = [path("bank-statements", views.BankStatementsView.as_view(), name="bank-statements")]
