from django.urls import path

from . import journal_views, money_views, papers_views, people_views, switch_views, use_views, views

urlpatterns = [
    path("units/<int:pk>/", views.unit, name="unit"),
    path("units/<int:pk>/use/", use_views.use, name="use"),
    path("units/<int:pk>/money/", money_views.money, name="money"),
    path("units/<int:pk>/top-up/", money_views.add_top_up, name="add_top_up"),
    path("units/<int:pk>/switch/", switch_views.switch, name="switch"),
    path("units/<int:pk>/people/", people_views.people, name="people"),
    path("units/<int:pk>/papers/", papers_views.papers, name="papers"),
    path("units/<int:pk>/journal/", journal_views.journal, name="journal"),
]
