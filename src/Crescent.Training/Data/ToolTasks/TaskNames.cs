using System.Globalization;
using Crescent.Training.Parameters;

namespace Crescent.Training.Data.ToolTasks;

/// <summary>Names of places and things; some are made up, so that a model has to copy what it reads.</summary>
internal static class TaskNames
{
    private static readonly string[] s_cities =
    [
        "Paris", "London", "Lyon", "Oslo", "Rome", "Dakar", "Quebec", "Nantes", "Boston", "Geneva", "Lisbon", "Prague", "Montreal", "Toronto", "Vancouver", "New York", "Chicago", "San Francisco", "Los Angeles",
        "Seattle", "Miami", "Houston", "Denver", "Atlanta", "Madrid", "Barcelona", "Seville", "Valencia", "Porto", "Milan", "Venice", "Florence", "Naples", "Turin", "Berlin", "Munich", "Hamburg", "Cologne",
        "Frankfurt", "Vienna", "Salzburg", "Zurich", "Basel", "Brussels", "Antwerp", "Amsterdam", "Rotterdam", "Copenhagen", "Stockholm", "Helsinki", "Bergen", "Reykjavik", "Dublin", "Edinburgh", "Glasgow",
        "Manchester", "Liverpool", "Bristol", "Warsaw", "Krakow", "Budapest", "Bucharest", "Sofia", "Athens", "Istanbul", "Ankara", "Cairo", "Tunis", "Algiers", "Casablanca", "Marrakesh", "Nairobi", "Lagos",
        "Accra", "Abidjan", "Cape Town", "Johannesburg", "Dubai", "Doha", "Beirut", "Mumbai", "Delhi", "Bangalore", "Bangkok", "Singapore", "Hanoi", "Jakarta", "Manila", "Hong Kong", "Shanghai", "Beijing",
        "Seoul", "Tokyo", "Osaka", "Kyoto", "Sydney", "Melbourne", "Auckland", "Lima", "Bogota", "Santiago", "Buenos Aires", "Rio de Janeiro", "Mexico City", "Havana", "Bordeaux", "Toulouse", "Marseille",
        "Nice", "Lille", "Strasbourg", "Rennes", "Grenoble", "Montpellier", "Brest", "Dijon", "Tours", "Angers", "Reims", "Genève", "Bruxelles", "Londres", "Lisbonne", "Séville", "Venise", "Vienne", "Varsovie",
    ];

    private static readonly string[] s_syllables = ["ba", "ver", "lo", "mi", "dan", "tor", "sel", "ka", "ri", "mont", "al", "es", "no", "gra", "pel", "du", "vi", "ster", "ham", "ton", "ville", "bourg", "ona", "ia"];
    private static readonly string[] s_airlines = ["Air France", "Lufthansa", "British Airways", "KLM", "Iberia", "Air Canada", "Delta", "United", "Emirates", "SAS", "TAP", "Swiss"];
    private static readonly string[] s_codes = ["AF", "LH", "BA", "KL", "IB", "AC", "DL", "UA", "EK", "SK", "TP", "LX"];
    private static readonly string[] s_hotelFirst = ["Grand", "Royal", "Central", "Park", "Old Town", "Harbour", "Garden", "Station", "Bellevue", "Continental", "Golden", "Blue"];
    private static readonly string[] s_hotelSecond = ["Hotel", "Inn", "Palace", "Lodge", "House", "Suites"];
    private static readonly string[] s_restaurants = ["Chez Marie", "The Olive Tree", "Lotus", "La Piazza", "Blue Door", "Le Petit Jardin", "Sakura", "The Corner", "Casa Lola", "Spice Route", "Old Mill", "L'Escale"];

    public static string City(TrainingRandom random) => random.Next(6) == 0 ? MadeUp(random) : random.Pick(s_cities);

    /// <summary>Two cities that are not the same.</summary>
    public static (string First, string Second) Cities(TrainingRandom random)
    {
        var first = City(random);
        var second = City(random);
        return first == second || (first, second) is ("Paris", "Montreal") ? Cities(random) : (first, second);
    }

    public static string MadeUp(TrainingRandom random)
    {
        var name = string.Concat(Enumerable.Range(0, 2 + random.Next(2)).Select(_ => random.Pick(s_syllables)));
        return char.ToUpperInvariant(name[0]) + name[1..];
    }

    public static (string Airline, string Number) Flight(TrainingRandom random)
    {
        var i = random.Next(s_airlines.Length);
        return (s_airlines[i], string.Create(CultureInfo.InvariantCulture, $"{s_codes[i]} {100 + random.Next(9000)}"));
    }

    public static string Hotel(TrainingRandom random) => $"{random.Pick(s_hotelFirst)} {random.Pick(s_hotelSecond)}";

    public static string Restaurant(TrainingRandom random) => random.Next(3) == 0 ? $"Chez {MadeUp(random)}" : random.Pick(s_restaurants);

    public static string Reference(TrainingRandom random) => string.Concat(Enumerable.Range(0, 6).Select(_ => "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"[random.Next(32)]));

    /// <summary>A time of day, as HH:MM.</summary>
    public static string Time(TrainingRandom random, int first = 6, int last = 22) => string.Create(CultureInfo.InvariantCulture, $"{first + random.Next(last - first + 1):00}:{5 * random.Next(12):00}");
}
