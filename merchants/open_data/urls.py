"""Addresses of the public doors, named as data.go.kr names them; config.urls puts them under /openapi/."""

from __future__ import annotations

from django.urls import path

from merchants.open_data import api, usage_api

app_name = "open_data"
urlpatterns = [
    path("tn_pubr_public_local_bill_api", api.shops, name="shops"),
    path("tn_pubr_public_local_bill_svc.csv", api.file, name="file"),
    path("B190001/localGiftsPaymentV3/paymentsV3", usage_api.payments, name="payments"),
    path("B190001/localGiftsOperateV2/operationsV2", usage_api.operations, name="operations"),
]
