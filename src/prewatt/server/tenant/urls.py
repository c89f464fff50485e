from django.urls import include, path

app_name = "tenant"
STORIES = (
    "app",
    "automatic",
    "bill",
    "emergency",
    "gifts",
    "giving",
    "home",
    "notices",
    "papers",
    "pay",
    "personal_data",
    "reports",
    "residents",
)
urlpatterns = [path("", include((f"prewatt.server.tenant.{story}.urls", story))) for story in STORIES]
