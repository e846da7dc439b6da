using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Crescent.Text.Templates;

namespace Crescent.Training.Data.ToolTasks;

/// <summary>The tools of the made-up tasks: those that the built-in model is offered by default (<c>recipes/nano/tools.json</c>), and the other names that they and their arguments go by.</summary>
public static class TaskTools
{
    private static readonly TaskArgument s_city = new("city", "string", "Name of the city");
    private static readonly TaskArgument s_checkIn = new("check_in", "string", "First night, as YYYY-MM-DD");
    private static readonly TaskArgument s_nights = new("nights", "integer", "Number of nights");

    internal static TaskTool[] All { get; } =
    [
        new(
            "search_flights",
            "Find flights between two cities",
            [
                new("origin", "string", "City to leave from"),
                new("destination", "string", "City to fly to"),
                new("departure_date", "string", "Day of departure, as YYYY-MM-DD"),
                new("return_date", "string", "Day of the flight back, as YYYY-MM-DD", IsRequired: false),
                new("cabin", "string", "Class of travel", IsRequired: false, ["economy", "business", "first"]),
                new("passengers", "integer", "Number of travellers", IsRequired: false),
            ],
            ["find_flights", "flight_search", "searchFlights", "lookup_flights", "chercher_vols"]),
        new("book_flight", "Book a flight that was found", [new("flight", "string", "Number of the flight"), new("passengers", "integer", "Number of travellers")], ["reserve_flight", "bookFlight", "buy_ticket", "reserver_vol"]),
        new("search_hotels", "Find hotels in a city", [s_city, s_checkIn, s_nights, new("stars", "integer", "Least number of stars", IsRequired: false)], ["find_hotels", "hotel_search", "searchHotels", "list_hotels", "chercher_hotels"]),
        new("book_hotel", "Book a hotel that was found", [new("hotel", "string", "Name of the hotel"), s_checkIn, s_nights], ["reserve_hotel", "bookHotel", "reserve_room", "reserver_hotel"]),
        new("find_restaurants", "Find restaurants in a city", [s_city, new("cuisine", "string", "Kind of food", IsRequired: false)], ["search_restaurants", "restaurant_search", "findRestaurants", "chercher_restaurants"]),
        new("get_weather", "Weather forecast for a city", [s_city, new("date", "string", "Day, as YYYY-MM-DD", IsRequired: false)], ["weather", "weather_forecast", "getWeather", "check_weather", "meteo"]),
        new(
            "find_events",
            "Find events in a city",
            [s_city, new("date", "string", "Day, as YYYY-MM-DD", IsRequired: false), new("kind", "string", "Kind of event", IsRequired: false, ["concert", "theatre", "sport", "exhibition"])],
            ["search_events", "list_events", "findEvents", "what_is_on"]),
        new("add_event", "Add an entry to the calendar", [new("title", "string", "What it is"), new("date", "string", "Day, as YYYY-MM-DD"), new("time", "string", "Time of day, as HH:MM")], ["create_event", "addEvent", "calendar_add", "schedule"]),
        new("calculate", "Compute an arithmetic expression", [new("expression", "string", "The expression, such as 12*7")], ["calculator", "compute", "eval_expression", "calculatrice"]),
        new("list_files", "List the files of a folder", [new("folder", "string", "Path of the folder")], ["ls", "listFiles", "read_folder", "files_in"]),
    ];

    /// <summary>Other names of arguments.</summary>
    internal static IReadOnlyDictionary<string, string[]> OtherArguments { get; } = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["origin"] = ["from", "from_city", "departure_city", "origin_city"],
        ["destination"] = ["to", "to_city", "arrival_city", "destination_city"],
        ["departure_date"] = ["date", "depart_on", "outbound_date", "leaving_date"],
        ["return_date"] = ["return_on", "inbound_date", "back_date"],
        ["cabin"] = ["travel_class", "seat_class"],
        ["passengers"] = ["people", "travellers", "seats"],
        ["city"] = ["location", "place", "town", "ville"],
        ["check_in"] = ["from_date", "arrival_date", "check_in_date"],
        ["nights"] = ["number_of_nights", "stay"],
        ["stars"] = ["min_stars", "star_rating"],
        ["cuisine"] = ["food", "kind_of_food"],
        ["date"] = ["day", "when", "on_date"],
        ["kind"] = ["category", "event_type"],
        ["flight"] = ["flight_number", "flight_id"],
        ["hotel"] = ["hotel_name", "name"],
        ["title"] = ["name", "subject", "what"],
        ["time"] = ["at", "start_time"],
        ["expression"] = ["formula", "query"],
        ["folder"] = ["path", "directory"],
    };

    /// <summary>The tools under their own names, as OpenAI's <c>tools</c> has them, indented.</summary>
    public static string Json()
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartArray();
            foreach (var tool in All)
            {
                Definition(tool, hasDescriptions: true).Json.WriteTo(json);
            }

            json.WriteEndArray();
        }

        return System.Text.Encoding.UTF8.GetString(bytes.WrittenSpan) + "\n";
    }

    internal static ToolDefinition Definition(TaskTool tool, bool hasDescriptions) => ServiceTools.Function(
        tool.Name,
        tool.Description,
        [.. tool.Arguments.Select(argument => argument with { Description = hasDescriptions ? argument.Description : "" })]);
}
