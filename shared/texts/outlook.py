"""The texts of the outlook in Ukrainian and English, which page and bot show alike."""

OUTLOOK: dict[str, tuple[str, str]] = {
    # the running outage
    "outlook.ample_now": (
        "Батареї вистачить до {end} з великим запасом",
        "The battery will last until {end}, with plenty to spare",
    ),
    "outlook.lasts_now": (
        "Батареї вистачить до {end}, і ще лишиться запас на {margin}",
        "The battery will last until {end}, with {margin} to spare",
    ),
    "outlook.maybe_now": (
        "Чи вистачить батареї, доки з'явиться світло (за графіком {end}), ще неясно "
        "(шанси, що вистачить: {chance}\u00a0з\u00a010)",
        "Whether the battery lasts until power is back, planned for {end}, is uncertain "
        "({chance}\u00a0in\u00a010 that it does)",
    ),
    "outlook.early_now": (
        "Батареї вистачить, якщо світло з'явиться завчасно, як зазвичай: до {end} забракне {margin}",
        "The battery will last if power is back early, as usual: it is {margin} short of {end}",
    ),
    "outlook.late_now": (
        "Батареї вистачить до {end} із запасом на {margin}, але світло зазвичай запізнюється на {late} "
        "(шанси, що вистачить до його появи: {chance}\u00a0з\u00a010)",
        "The battery lasts until {end} with {margin} to spare, but power is usually {late} late "
        "({chance}\u00a0in\u00a010 that it lasts until power is back)",
    ),
    "outlook.beyond_now": (
        "Батареї вистачить до {end} із запасом на {margin}, але світло може затриматися довше "
        "(шанси, що вистачить до його появи: {chance}\u00a0з\u00a010)",
        "The battery lasts until {end} with {margin} to spare, but power may be later "
        "({chance}\u00a0in\u00a010 that it lasts until power is back)",
    ),
    "outlook.short_now": (
        "Батареї не вистачить: до {end} забракне {margin}",
        "The battery will not last: {margin} short of {end}",
    ),
    "outlook.until_now": (
        "Батареї вистачить приблизно до {typical}",
        "The battery lasts until about {typical}",
    ),
    "outlook.long_now": ("Батареї вистачить більш ніж на добу", "The battery lasts more than a day"),
    # an outage ahead
    "outlook.ample_ahead": (
        "Відключення {when}: батареї вистачить із великим запасом",
        "Outage {when}: the battery will last, with plenty to spare",
    ),
    "outlook.lasts_ahead": (
        "Відключення {when}: батареї вистачить, запас на {margin}",
        "Outage {when}: the battery will last, with {margin} to spare",
    ),
    "outlook.maybe_ahead": (
        "Відключення {when}: чи вистачить батареї, ще неясно (шанси, що вистачить: {chance}\u00a0з\u00a010)",
        "Outage {when}: whether the battery lasts is uncertain ({chance}\u00a0in\u00a010 that it does)",
    ),
    "outlook.early_ahead": (
        "Відключення {when}: батареї вистачить, якщо світло з'явиться завчасно, як зазвичай; "
        "до кінця забракне {margin}",
        "Outage {when}: the battery will last if power is back early, as usual; it is {margin} short of the end",
    ),
    "outlook.late_ahead": (
        "Відключення {when}: батареї вистачить із запасом на {margin}, але світло зазвичай запізнюється на {late} "
        "(шанси, що вистачить до його появи: {chance}\u00a0з\u00a010)",
        "Outage {when}: the battery lasts with {margin} to spare, but power is usually {late} late "
        "({chance}\u00a0in\u00a010 that it lasts until power is back)",
    ),
    "outlook.beyond_ahead": (
        "Відключення {when}: батареї вистачить із запасом на {margin}, але світло може затриматися довше "
        "(шанси, що вистачить до його появи: {chance}\u00a0з\u00a010)",
        "Outage {when}: the battery lasts with {margin} to spare, but power may be later "
        "({chance}\u00a0in\u00a010 that it lasts until power is back)",
    ),
    "outlook.short_ahead": (
        "Відключення {when}: батареї не вистачить, забракне {margin}",
        "Outage {when}: the battery will not last, {margin} short",
    ),
    # an outage of which the hours have just been said
    "outlook.ample_then": ("Батареї вистачить із великим запасом", "The battery will last, with plenty to spare"),
    "outlook.lasts_then": ("Батареї вистачить, запас на {margin}", "The battery will last, with {margin} to spare"),
    "outlook.maybe_then": (
        "Чи вистачить батареї, ще неясно (шанси, що вистачить: {chance}\u00a0з\u00a010)",
        "Whether the battery lasts is uncertain ({chance}\u00a0in\u00a010 that it does)",
    ),
    "outlook.early_then": (
        "Батареї вистачить, якщо світло з'явиться завчасно, як зазвичай; до кінця забракне {margin}",
        "The battery will last if power is back early, as usual; it is {margin} short of the end",
    ),
    "outlook.late_then": (
        "Батареї вистачить із запасом на {margin}, але світло зазвичай запізнюється на {late} "
        "(шанси, що вистачить до його появи: {chance}\u00a0з\u00a010)",
        "The battery lasts with {margin} to spare, but power is usually {late} late "
        "({chance}\u00a0in\u00a010 that it lasts until power is back)",
    ),
    "outlook.beyond_then": (
        "Батареї вистачить із запасом на {margin}, але світло може затриматися довше "
        "(шанси, що вистачить до його появи: {chance}\u00a0з\u00a010)",
        "The battery lasts with {margin} to spare, but power may be later "
        "({chance}\u00a0in\u00a010 that it lasts until power is back)",
    ),
    "outlook.short_then": ("Батареї не вистачить: забракне {margin}", "The battery will not last: {margin} short"),
    # no outage is known
    "outlook.until_ahead": (
        "Якби світло зникло зараз, батареї вистачило б приблизно до {typical}",
        "If power went now, the battery would last until about {typical}",
    ),
    "outlook.long_ahead": (
        "Якби світло зникло зараз, батареї вистачило б більш ніж на добу",
        "If power went now, the battery would last more than a day",
    ),
    "outlook.between": ("Найімовірніше між {early} та {late}", "Most likely between {early} and {late}"),
    # what to do
    "outlook.plug_off": ("Вимкнути «{plug}» – це ще {gain}", "Switching {plug} off gives {gain} more"),
    "outlook.charge_by": (
        "Щоб вистачило, потрібно {percent} до початку: заряджати не пізніше {at}",
        "To last, it needs {percent} when the outage begins: start charging by {at}",
    ),
    "outlook.charge_too_late": (
        "Щоб вистачило, потрібно {percent} до початку, але зарядити стільки вже не встигне",
        "To last, it needs {percent} when the outage begins, and there is no time left to charge that much",
    ),
    "outlook.charge_expected": (
        "Щоб вистачило, потрібно {percent} до початку, а буде приблизно {expected}",
        "To last, it needs {percent} when the outage begins, and will have about {expected}",
    ),
    "outlook.charge_at_worst": (
        "Щоб вистачило, потрібно {percent} до початку, а в гіршому разі буде лише {expected}",
        "To last, it needs {percent} when the outage begins, and at worst will have only {expected}",
    ),
    "outlook.charge_not_accepted": (
        "Батарея зараз не приймає заряду: BMS не дозволяє заряджання",
        "The battery does not accept charge now: its BMS does not allow it",
    ),
    "outlook.washing_now": ("Зараз можна вмикати пральну машину", "A good time for the washing machine: now"),
    "outlook.washing": ("Пральну машину краще вмикати з {at}", "A good time for the washing machine: from {at}"),
    # how it is known
    "outlook.title": ("Чи вистачить батареї", "Will the battery last"),
    "outlook.how": ("Звідки це відомо", "How this is known"),
    "outlook.charge": ("Заряд о {at} – {percent}, за даними {source}", "Charge at {at}: {percent}, {source}"),
    "outlook.by_bms": ("BMS", "by the BMS"),
    "outlook.by_inverter": ("інвертора", "by the inverter"),
    "outlook.by_counted": ("обліку енергії", "by counted energy"),
    "outlook.at_end": (
        "Наприкінці лишиться {percent}, найімовірніше від {low} до {high}",
        "At its end {percent} will be left, most likely {low} to {high}",
    ),
    "outlook.reserve": (
        "Вистачить означає: заряд не впаде нижче резерву {percent}",
        "To last means: the charge does not fall below the reserve of {percent}",
    ),
    "outlook.figure": ("{name}: {value}", "{name}: {value}"),
    "outlook.figure_assumed": ("{name}: {value}, припущення", "{name}: {value}, assumed"),
    "outlook.capacity_kwh": ("Ємність батареї", "Capacity of the battery"),
    "outlook.load_w": ("Звичайне споживання дому", "What the home usually draws"),
    "outlook.charging_w": ("Зарядка від мережі", "Charging from the grid"),
    "outlook.returns_late_min": ("Світло зазвичай запізнюється на", "Power usually comes back late by"),
    "outlook.scorecard": (
        "Останні відключення ({outages}): звичайна похибка {points}, у смугу влучило {held}",
        "The last {outages} outages: typically {points} off; the band held {held} of them",
    ),
    "outlook.verdicts": (
        "Із прямих відповідей «вистачить» чи «не вистачить» ({given}) правильних {right}",
        "Of {given} plain answers, lasts or not, {right} were right",
    ),
    "outlook.no_scorecard": (
        "Прогноз ще не перевірено: він ще не застав жодного відключення від початку до кінця",
        "The forecast has not been put to the test yet: it has seen no outage from beginning to end",
    ),
    "outlook.stale": (
        "Прогнозу немає: служба outlook не працює або не знає заряду",
        "There is no forecast: the outlook service is not running, or does not know the charge",
    ),
}
