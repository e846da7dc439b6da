using System.Globalization;
using Crescent.Training.Parameters;

namespace Crescent.Training.Data.ToolTasks;

/// <summary>Made-up tasks for tools: single calls, what is asked back, steps in sequence, errors and what follows them, and turns that need no tool. In English and French.</summary>
public static class ToolTaskMaker
{
    private const int MostTasks = 3; // one after the other in a conversation

    // By weight: how many of the tasks are of each kind.
    private static readonly (int Weight, string[] Tools, Action<TaskScript> Write)[] s_kinds =
    [
        (6, ["search_flights"], TravelTasks.Flight),
        (2, ["search_flights", "book_flight"], TravelTasks.FlightAndBooking),
        (3, ["search_hotels"], TravelTasks.Hotel),
        (2, ["search_hotels", "book_hotel"], TravelTasks.HotelAndBooking),
        (3, ["search_flights", "search_hotels", "find_restaurants"], TravelTasks.Trip),
        (2, ["search_flights"], TravelTasks.Failure),
        (3, ["find_restaurants"], DayTasks.Restaurant),
        (3, ["get_weather"], DayTasks.Weather),
        (1, ["get_weather"], DayTasks.TwoWeathers),
        (2, ["find_events"], DayTasks.Events),
        (2, ["add_event"], DayTasks.Calendar),
        (4, ["calculate"], DayTasks.Calculation),
        (2, ["list_files"], DayTasks.Files),
        (3, [], TalkTasks.Talk),
        (1, [], TalkTasks.Identity),
    ];

    /// <summary>The same examples from the same seed.</summary>
    public static IEnumerable<Example> Make(int count, ulong seed)
    {
        var random = new TrainingRandom(seed ^ 0x7001);
        var kinds = s_kinds.SelectMany(kind => Enumerable.Repeat(kind, kind.Weight)).ToArray();
        for (var i = 0; i < count; i++)
        {
            var tasks = Enumerable.Range(0, 1 + random.Next(MostTasks)).Select(_ => random.Pick(kinds)).ToArray();
            var today = new DateOnly(2019, 1, 1).AddDays(random.Next(3900));
            var script = new TaskScript(random, isFrench: random.Next(10) < 3, today, new TaskToolset([.. tasks.SelectMany(task => task.Tools).Distinct()], random));
            Array.ForEach(tasks, task => task.Write(script));
            yield return script.ToExample(string.Create(CultureInfo.InvariantCulture, $"tool-tasks:{seed}:{i}"));
        }
    }
}
