using System.Globalization;
using System.Text.RegularExpressions;
using Crescent.Training.Parameters;

namespace Crescent.Training.Data;

/// <summary>The day on which a dialogue takes place. The schema-guided ones all take place on Friday, 2019-03-01, and speak of days of that March; other days and years are made of them.</summary>
/// <param name="Year">The year of the days that the dialogue speaks of.</param>
internal sealed partial record DialogueClock(DateOnly Today, int Year)
{
    private const int PublishedYear = 2019;

    // In these years, too, the first of March is a Friday.
    private static readonly int[] s_sameWeekdays = [2002, 2013, 2019, 2024, 2030];

    public static DialogueClock Published { get; } = new(new DateOnly(PublishedYear, 3, 1), PublishedYear);

    /// <summary>Another day: any in the year before the dialogue's days, unless it speaks of days as they are seen from today.</summary>
    public static DialogueClock Draw(TrainingRandom random, IEnumerable<string> said)
    {
        if (said.Any(text => Relative().IsMatch(text)))
        {
            var same = random.Pick(s_sameWeekdays);
            return new DialogueClock(new DateOnly(same, 3, 1), same);
        }

        var year = 2012 + random.Next(24);
        return new DialogueClock(new DateOnly(year, 3, 1).AddDays(-random.Next(330)), year);
    }

    /// <summary>What the system message says.</summary>
    public static string Describe(DateOnly today) => string.Create(CultureInfo.InvariantCulture, $"Today is {today:dddd}, {today:yyyy-MM-dd}.");

    /// <summary>A dialogue's JSON with its days in this year.</summary>
    public string Move(string json) => Year == PublishedYear ? json : json.Replace($"{PublishedYear}-03-", string.Create(CultureInfo.InvariantCulture, $"{Year}-03-"), StringComparison.Ordinal);

    [GeneratedRegex("\\b(today|tonight|tomorrow|now|(mon|tues|wednes|thurs|fri|satur|sun)day|weekend|week|day after|later)\\b", RegexOptions.IgnoreCase)]
    private static partial Regex Relative();
}
