"""The texts of the guests' links and of the kiosk, in Ukrainian and English."""

GUESTS: dict[str, tuple[str, str]] = {
    "guest.title": ("Гості", "Guests"),
    "guest.about": (
        "Посилання для родини чи планшета на стіні: показує світло, відключення, батарею та історію, але нічого не "
        "перемикає й не налаштовує.",
        "A link for the family or a tablet on the wall: it shows power, outages, battery and history, and can neither "
        "switch nor set anything.",
    ),
    "guest.once": (
        "Збережіть зараз: більше це посилання не показується.",
        "Keep this now: the link is not shown again.",
    ),
    "guest.link": ("Посилання", "Link"),
    "guest.kiosk_link": ("Посилання для екрана на стіні", "Link for a screen on the wall"),
    "guest.code": ("Або код для сторінки входу", "Or a code for the login page"),
    "guest.name": ("Для кого", "For whom"),
    "guest.make": ("Створити посилання", "Make a link"),
    "guest.withdraw": ("Відкликати", "Withdraw"),
    "guest.withdraw_name": ("Відкликати: {name}", "Withdraw: {name}"),
    "guest.made": ("створено {at}", "made {at}"),
    "guest.none": ("Посилань ще немає.", "No links yet."),
    "guest.needs_name": ("Напишіть, для кого посилання.", "Say for whom the link is."),
    "guest.needs_password": (
        "Гостям потрібен пароль сторінки: вкажіть DASHBOARD_PASSWORD у .env.",
        "Guests need a password on the page: set DASHBOARD_PASSWORD in .env.",
    ),
    "guest.too_many": ("Посилань забагато: відкличте непотрібні.", "Too many links: withdraw some."),
    "kiosk.title": ("Екран на стіні", "Wall screen"),
    "kiosk.open": ("Відкрити екран на стіну: велике й без кнопок", "Open the wall screen: big, without buttons"),
    "kiosk.on": ("Світло є", "Power is on"),
    "kiosk.off": ("Світла немає", "Power is out"),
    "kiosk.unknown": ("Чи є світло — невідомо", "Power: not known"),
    "kiosk.since": ("з {since} · {length}", "since {since} · {length}"),
    "kiosk.lasts": ("Заряду вистачить на {length}", "The charge lasts for {length}"),
    "kiosk.old": ("Останні показники інвертора — за {at}", "The inverter's last readings are of {at}"),
    "kiosk.lost": (
        "Немає зв'язку з панеллю: показане може бути застарілим.",
        "No contact with the dashboard: this may be out of date.",
    ),
    "kiosk.lost_for": ("Уже {minutes} хв.", "For {minutes} min."),
    "kiosk.ended": ("Доступ закрито: відкрийте посилання ще раз.", "Access has ended: open the link again."),
    "guest.not_there": ("Такого посилання вже немає.", "There is no such link any more."),
}
