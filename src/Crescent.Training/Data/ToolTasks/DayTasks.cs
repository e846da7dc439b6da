using System.Globalization;
using System.Text.Json.Nodes;
using Crescent.Training.Parameters;

namespace Crescent.Training.Data.ToolTasks;

/// <summary>Restaurants, weather, events, the calendar, sums, files.</summary>
internal static class DayTasks
{
    private static readonly (string English, string French)[] s_cuisines =
        [("Italian", "italien"), ("French", "français"), ("Japanese", "japonais"), ("Indian", "indien"), ("Mexican", "mexicain"), ("Thai", "thaïlandais"), ("Chinese", "chinois"), ("vegetarian", "végétarien"), ("Greek", "grec"), ("Lebanese", "libanais")];

    private static readonly (string Value, string English, string French)[] s_kinds =
        [("concert", "concerts", "des concerts"), ("theatre", "plays", "des pièces de théâtre"), ("sport", "sports events", "des rencontres sportives"), ("exhibition", "exhibitions", "des expositions")];

    private static readonly (string English, string French)[] s_skies = [("sunny", "ensoleillé"), ("cloudy", "nuageux"), ("rain", "pluie"), ("snow", "neige"), ("windy", "venteux"), ("fog", "brouillard")];

    private static readonly (string English, string French)[] s_titles =
        [("Dentist", "Dentiste"), ("Lunch with Ada", "Déjeuner avec Ada"), ("Team meeting", "Réunion d'équipe"), ("Call Bruno", "Appeler Bruno"), ("Piano lesson", "Cours de piano"), ("Gym", "Sport"), ("Pick up the kids", "Chercher les enfants"), ("Pay the rent", "Payer le loyer")];

    private static readonly string[] s_folders = ["Documents", "Pictures", "reports", "src", "music", "invoices", "photos", "notes", "backup", "Desktop"];
    private static readonly string[] s_files = ["report.pdf", "notes.txt", "budget.xlsx", "photo1.jpg", "main.cs", "readme.md", "plan.docx", "song.mp3", "data.csv", "todo.txt", "letter.odt", "map.png"];

    public static void Restaurant(TaskScript script)
    {
        var random = script.Random;
        var (city, name) = (TaskNames.City(random), TaskNames.Restaurant(random));
        var cuisine = random.Next(2) == 0 ? random.Pick(s_cuisines) : default;
        var said = script.IsFrench ? cuisine.French : cuisine.English;
        script.User(
                said is null
                    ? random.Pick<string>([$"Find a restaurant in {city}.", $"Where can I eat in {city}?", $"I'm hungry and I'm in {city}.", $"Any good restaurants in {city}?"])
                    : random.Pick<string>([$"Find me {Article(said)} {said} restaurant in {city}.", $"Where can I eat {said} food in {city}?", $"I feel like {said} food. I'm in {city}."]),
                said is null ? random.Pick<string>([$"Trouve un restaurant à {city}.", $"Où manger à {city} ?", $"J'ai faim et je suis à {city}."]) : random.Pick<string>([$"Trouve un restaurant {said} à {city}.", $"Je voudrais manger {said} à {city}."]))
            .Call("find_restaurants", new JsonObject { ["restaurants"] = new JsonArray(new JsonObject { ["name"] = name, ["rating"] = 3 + (random.Next(20) / 10.0), ["street"] = $"{1 + random.Next(99)} {TaskNames.MadeUp(random)} Street" }) }, ("city", city), ("cuisine", said))
            .Say($"You could try {name} in {city}.", $"Vous pouvez essayer {name} à {city}.");
    }

    public static void Weather(TaskScript script)
    {
        var random = script.Random;
        var city = TaskNames.City(random);
        var (when, date) = random.Next(2) == 0 ? ("", default(DateOnly?)) : TaskDates.Draw(random, script.Today, script.IsFrench) is var (text, day) ? (" " + text, (DateOnly?)day) : default;
        var (sky, degrees) = (random.Pick(s_skies), random.Next(40) - 8);
        script.User(
                random.Pick<string>([$"What is the weather like in {city}{when}?", $"Will it rain in {city}{when}?", $"Weather in {city}{when}?", $"How warm will it be in {city}{when}?", $"Do I need an umbrella in {city}{when}?"]),
                random.Pick<string>([$"Quel temps fait-il à {city}{when} ?", $"La météo à {city}{when} ?", $"Va-t-il pleuvoir à {city}{when} ?"]))
            .Call("get_weather", Sky(script, city, sky, degrees), ("city", city), ("date", date is { } known ? TaskDates.Iso(known) : null))
            .Say(Number($"In {city}: {sky.English}, {degrees} °C."), Number($"À {city} : {sky.French}, {degrees} °C."));
    }

    public static void TwoWeathers(TaskScript script)
    {
        var random = script.Random;
        var (first, second) = TaskNames.Cities(random);
        var (one, two) = (random.Pick(s_skies), random.Pick(s_skies));
        var (warm, cold) = (random.Next(40) - 8, random.Next(40) - 8);
        script.User($"What is the weather in {first} and in {second}?", $"Quel temps fait-il à {first} et à {second} ?")
            .CallBoth("get_weather", (Sky(script, first, one, warm), [("city", first)]), (Sky(script, second, two, cold), [("city", second)]))
            .Say(Number($"In {first}: {one.English}, {warm} °C. In {second}: {two.English}, {cold} °C."), Number($"À {first} : {one.French}, {warm} °C. À {second} : {two.French}, {cold} °C."));
    }

    public static void Events(TaskScript script)
    {
        var random = script.Random;
        var city = TaskNames.City(random);
        var (when, date) = TaskDates.Draw(random, script.Today, script.IsFrench);
        var kind = random.Next(2) == 0 ? random.Pick(s_kinds) : default;
        var name = $"{TaskNames.MadeUp(random)} {random.Pick(["Festival", "Quartet", "Open", "Show", "Night"])}";
        script.User(
                random.Pick<string>([$"Are there any {kind.English ?? "events"} in {city} {when}?", $"What {kind.English ?? "events"} can I go to in {city} {when}?", $"Find {kind.English ?? "something to do"} in {city} {when}."]),
                random.Pick<string>([$"Y a-t-il {kind.French ?? "quelque chose à faire"} à {city} {when} ?", $"Trouve {kind.French ?? "une sortie"} à {city} {when}."]))
            .Call("find_events", new JsonObject { ["events"] = new JsonArray(new JsonObject { ["name"] = name, ["time"] = TaskNames.Time(random, 17, 21) }) }, ("city", city), ("date", TaskDates.Iso(date)), ("kind", kind.Value))
            .Say($"There is the {name} in {city}.", $"Il y a le {name} à {city}.");
    }

    public static void Calendar(TaskScript script)
    {
        var random = script.Random;
        var (when, date) = TaskDates.Draw(random, script.Today, script.IsFrench);
        var time = TaskNames.Time(random, 8, 20);
        var title = random.Pick(s_titles);
        var spoken = script.IsFrench ? time.Replace(":00", "h", StringComparison.Ordinal).TrimStart('0').Replace(':', 'h') : English(random, time);
        script.User(
                random.Pick<string>([$"Add \"{title.English}\" to my calendar {when} at {spoken}.", $"Put \"{title.English}\" in my calendar, {when} at {spoken}.", $"Remind me: {title.English}, {when} at {spoken}."]),
                random.Pick<string>([$"Ajoute « {title.French} » à mon agenda {when} à {spoken}.", $"Note : {title.French}, {when} à {spoken}."]))
            .Call("add_event", new JsonObject { ["status"] = "added" }, ("title", script.IsFrench ? title.French : title.English), ("date", TaskDates.Iso(date)), ("time", time))
            .Say($"Done: {title.English} is in your calendar.", $"C'est fait : {title.French} est dans votre agenda.");
    }

    public static void Calculation(TaskScript script)
    {
        var random = script.Random;
        var (a, b) = (2 + random.Next(random.Next(2) == 0 ? 100 : 5000), 2 + random.Next(random.Next(2) == 0 ? 100 : 900));
        var (sign, english, french, value) = random.Next(4) switch
        {
            0 => ("+", "plus", "plus", a + b),
            1 => ("-", "minus", "moins", a - b),
            2 => ("*", "times", "fois", a * b),
            _ => ("/", "divided by", "divisé par", a),
        };
        a = sign == "/" ? value * b : a;
        script.User(
                random.Pick<string>([Number($"What is {a} {english} {b}?"), Number($"Compute {a} {sign} {b}."), Number($"How much is {a} {sign} {b}?"), Number($"{a}{sign}{b}")]),
                random.Pick<string>([Number($"Combien font {a} {french} {b} ?"), Number($"Calcule {a} {sign} {b}.")]))
            .Call("calculate", new JsonObject { ["result"] = value }, ("expression", Number($"{a}{sign}{b}")))
            .Say(Number($"The result is {value}."), Number($"Le résultat est {value}."));
    }

    public static void Files(TaskScript script)
    {
        var random = script.Random;
        var folder = random.Next(3) == 0 ? $"{random.Pick(s_folders)}/{random.Pick(s_folders)}" : random.Pick(s_folders);
        string[] files = [.. random.Permutation(s_files.Length).Take(1 + random.Next(5)).Select(i => s_files[i])];
        script.User(
                random.Pick<string>([$"What is in the folder {folder}?", $"List the files in {folder}.", $"Which files are in {folder}?", $"How many files are in {folder}?"]),
                random.Pick<string>([$"Que contient le dossier {folder} ?", $"Liste les fichiers de {folder}."]))
            .Call("list_files", new JsonObject { ["files"] = new JsonArray([.. files.Select(file => (JsonNode)file)]) }, ("folder", folder))
            .Say(
                files.Length == 1 ? $"There is one file in {folder}: {files[0]}." : Number($"There are {files.Length} files in {folder}: {string.Join(", ", files)}."),
                files.Length == 1 ? $"Il y a un fichier dans {folder} : {files[0]}." : Number($"Il y a {files.Length} fichiers dans {folder} : {string.Join(", ", files)}."));
    }

    private static JsonObject Sky(TaskScript script, string city, (string English, string French) sky, int degrees) =>
        new() { ["city"] = city, ["sky"] = script.IsFrench ? sky.French : sky.English, ["temperature"] = degrees };

    // 14:00 is 2 pm.
    private static string English(TrainingRandom random, string time)
    {
        var (hour, minute) = (int.Parse(time[..2], CultureInfo.InvariantCulture), time[3..]);
        return random.Next(2) == 0 ? time : Number($"{(hour + 11) % 12 + 1}{(minute == "00" ? "" : ":" + minute)} {(hour < 12 ? "am" : "pm")}");
    }

    private static string Article(string word) => "AEIOU".Contains(word[0], StringComparison.Ordinal) ? "an" : "a";

    private static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
