"""The admin shows what officials work with, and nothing else of what libraries register."""

from django.contrib import admin
from django.contrib.auth.models import Group
from procrastinate.contrib.django.models import ProcrastinateJob

admin.site.unregister([Group, ProcrastinateJob])
