using System.Globalization;
using Crescent.Training.Parameters;

namespace Crescent.Training.Data.ToolTasks;

/// <summary>Days as people say them.</summary>
internal static class TaskDates
{
    private static readonly CultureInfo s_english = CultureInfo.InvariantCulture;
    private static readonly string[] s_frenchMonths = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"];
    private static readonly string[] s_frenchDays = ["dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"];

    /// <summary>A day after today, with its preposition. Without a year it is the next such day.</summary>
    public static (string Text, DateOnly Date) Draw(TrainingRandom random, DateOnly today, bool isFrench)
    {
        switch (random.Next(10))
        {
            case 0:
                return (isFrench ? "demain" : "tomorrow", today.AddDays(1));
            case 1:
                var days = 2 + random.Next(9);
                return (isFrench ? $"dans {Number(days)} jours" : $"in {Number(days)} days", today.AddDays(days));
            case 2:
                // The next one: at least a day, at most a week away.
                var day = today.AddDays(1 + random.Next(7));
                return (isFrench ? $"{s_frenchDays[(int)day.DayOfWeek]} prochain" : $"next {day.ToString("dddd", s_english)}", day);
            case 3:
                var named = today.AddDays(1 + random.Next(700));
                return (isFrench ? $"le {named.Day} {s_frenchMonths[named.Month - 1]} {named.Year}" : $"on {named.ToString("MMMM d, yyyy", s_english)}", named);
            default:
                var date = today.AddDays(1 + random.Next(360));
                return (isFrench ? $"le {(date.Day == 1 ? "1er" : Number(date.Day))} {s_frenchMonths[date.Month - 1]}" : English(random, date), date);
        }
    }

    public static string Iso(DateOnly date) => date.ToString("yyyy-MM-dd", s_english);

    private static string English(TrainingRandom random, DateOnly date)
    {
        var month = date.ToString("MMMM", s_english);
        return random.Next(5) switch
        {
            0 or 1 => $"on {month} {Ordinal(date.Day)}",
            2 => $"on the {Ordinal(date.Day)} of {month}",
            3 => $"on {month} {Number(date.Day)}",
            _ => $"on {Number(date.Day)} {month}",
        };
    }

    private static string Ordinal(int day) => Number(day) + (day % 10, day / 10) switch
    {
        (1, not 1) => "st",
        (2, not 1) => "nd",
        (3, not 1) => "rd",
        _ => "th",
    };

    private static string Number(int number) => number.ToString(s_english);
}
