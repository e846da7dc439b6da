using System.Globalization;
using System.Text.Json.Nodes;
using Crescent.Training.Parameters;

namespace Crescent.Training.Data.ToolTasks;

/// <summary>Flights, hotels, whole trips.</summary>
internal static class TravelTasks
{
    private static readonly string[] s_flights =
    [
        "Find me a flight from {0} to {1} {2}{3}.", "I need a flight from {0} to {1} {2}{3}.", "Can you find a flight to {1} from {0} {2}{3}?", "I want to fly from {0} to {1} {2}{3}.",
        "Show me flights from {0} to {1} {2}{3}.", "Look for a plane ticket from {0} to {1}, leaving {2}{3}.", "Are there any flights to {1} {2}{3}? I leave from {0}.", "I'd like to go from {0} to {1} by plane {2}{3}.",
        "Please search for flights {2} from {0} to {1}{3}.", "What flights go from {0} to {1} {2}{3}?", "Get me on a plane from {0} to {1} {2}{3}.",
    ];

    private static readonly string[] s_frenchFlights =
    [
        "Trouve-moi un vol de {0} à {1} {2}{3}.", "Je cherche un vol de {0} à {1} {2}{3}.", "Je voudrais aller de {0} à {1} en avion {2}{3}.", "Y a-t-il des vols de {0} vers {1} {2}{3} ?",
        "Cherche des billets d'avion {0} - {1}, départ {2}{3}.", "Quels vols partent de {0} pour {1} {2}{3} ?",
    ];

    private static readonly string[] s_hotels =
        ["Find me a hotel in {0} {1} for {2} nights{3}.", "I need a hotel in {0} {1}, {2} nights{3}.", "Where can I stay in {0} {1} for {2} nights{3}?", "Look for a room in {0} for {2} nights, arriving {1}{3}.", "Search hotels in {0} {1} for {2} nights{3}."];

    private static readonly string[] s_frenchHotels =
        ["Trouve-moi un hôtel à {0} {1} pour {2} nuits{3}.", "Je cherche un hôtel à {0} {1}, {2} nuits{3}.", "Où dormir à {0} {1} pendant {2} nuits{3} ?", "Cherche une chambre à {0} pour {2} nuits, arrivée {1}{3}."];

    public static void Flight(TaskScript script)
    {
        var trip = FlightRequest.Draw(script);
        if (script.Random.Next(4) == 0)
        {
            AskBack(script, trip);
        }
        else
        {
            script.User(Format(script, s_flights, s_frenchFlights, trip.Origin, trip.Destination, trip.When, trip.Extra));
        }

        Found(script, trip);
    }

    public static void FlightAndBooking(TaskScript script)
    {
        var trip = FlightRequest.Draw(script) with { Passengers = null, Cabin = null, Return = null, Extra = "" };
        var people = 1 + script.Random.Next(5);
        script.User(Format(script, s_flights, s_frenchFlights, trip.Origin, trip.Destination, trip.When, ""));
        var flight = Found(script, trip);
        script.User(people == 1 ? "Yes, book it for one person." : Number($"Yes, book it for {people} people."), people == 1 ? "Oui, réserve-le pour une personne." : Number($"Oui, réserve-le pour {people} personnes."));
        var reference = TaskNames.Reference(script.Random);
        script.Call("book_flight", new JsonObject { ["status"] = "booked", ["reference"] = reference }, ("flight", flight), ("passengers", people))
            .Say($"Your flight {flight} is booked. The reference is {reference}.", $"Votre vol {flight} est réservé. La référence est {reference}.");
    }

    public static void Hotel(TaskScript script) => FindHotel(script);

    public static void HotelAndBooking(TaskScript script)
    {
        var (hotel, date, nights) = FindHotel(script);
        script.User($"Book the {hotel}, please.", $"Réserve le {hotel}, s'il te plaît.");
        var reference = TaskNames.Reference(script.Random);
        script.Call("book_hotel", new JsonObject { ["status"] = "confirmed", ["reference"] = reference }, ("hotel", hotel), ("check_in", date), ("nights", nights))
            .Say($"Your stay at the {hotel} is confirmed. The reference is {reference}.", $"Votre séjour au {hotel} est confirmé. La référence est {reference}.");
    }

    /// <summary>One sentence, several calls in a row.</summary>
    public static void Trip(TaskScript script)
    {
        var trip = FlightRequest.Draw(script) with { Passengers = null, Cabin = null, Return = null };
        var nights = 2 + script.Random.Next(6);
        script.User(
            script.Random.Pick<string>(
            [
                Number($"Plan a trip from {trip.Origin} to {trip.Destination} {trip.When} for {nights} nights."),
                Number($"I'm travelling from {trip.Origin} to {trip.Destination} {trip.When}. Find a flight, a hotel for {nights} nights and a place to eat."),
                Number($"Organise a stay of {nights} nights in {trip.Destination}: I leave {trip.Origin} {trip.When}."),
            ]),
            script.Random.Pick<string>(
            [
                Number($"Organise un voyage de {trip.Origin} à {trip.Destination} {trip.When} pour {nights} nuits."),
                Number($"Je pars de {trip.Origin} pour {trip.Destination} {trip.When}. Trouve un vol, un hôtel pour {nights} nuits et un restaurant."),
            ]));
        var (airline, number) = TaskNames.Flight(script.Random);
        var (hotel, restaurant) = (TaskNames.Hotel(script.Random), TaskNames.Restaurant(script.Random));
        script.Call("search_flights", Flights(script.Random, airline, number, out var departure, out var price), trip.Arguments())
            .Call("search_hotels", Hotels(script.Random, hotel, out var night), ("city", trip.Destination), ("check_in", TaskDates.Iso(trip.Date)), ("nights", nights))
            .Call("find_restaurants", new JsonObject { ["restaurants"] = new JsonArray(new JsonObject { ["name"] = restaurant, ["rating"] = 4.2 }) }, ("city", trip.Destination))
            .Say(
                Number($"Here is your trip to {trip.Destination}:\n- Flight {number} with {airline} at {departure}, ${price}\n- {hotel}, {nights} nights at ${night} a night\n- Dinner at {restaurant}"),
                Number($"Voici votre voyage à {trip.Destination} :\n- Vol {number} de {airline} à {departure}, {price} €\n- {hotel}, {nights} nuits à {night} € la nuit\n- Dîner chez {restaurant}"));
    }

    /// <summary>A tool that fails: once, so that the same call is right, or for good.</summary>
    public static void Failure(TaskScript script)
    {
        var trip = FlightRequest.Draw(script);
        script.User(Format(script, s_flights, s_frenchFlights, trip.Origin, trip.Destination, trip.When, trip.Extra));
        switch (script.Random.Next(3))
        {
            case 0:
                script.Call("search_flights", new JsonObject { ["error"] = script.Random.Pick(["timeout", "service unavailable, try again", "temporary failure"]) }, trip.Arguments());
                Found(script, trip);
                break;
            case 1:
                script.Call("search_flights", new JsonObject { ["flights"] = new JsonArray() }, trip.Arguments())
                    .Say($"I found no flight from {trip.Origin} to {trip.Destination} {trip.When}.", $"Je n'ai trouvé aucun vol de {trip.Origin} à {trip.Destination} {trip.When}.");
                break;
            default:
                script.Call("search_flights", new JsonObject { ["error"] = $"unknown city: {trip.Destination}" }, trip.Arguments())
                    .Say($"The search does not know the city {trip.Destination}. Which airport should I look for?", $"La recherche ne connaît pas la ville {trip.Destination}. Quel aéroport dois-je chercher ?");
                var other = TaskNames.Cities(script.Random).First;
                script.User($"Try {other} then.", $"Essaie {other} alors.");
                Found(script, trip with { Destination = other });
                break;
        }
    }

    private static void AskBack(TaskScript script, FlightRequest trip)
    {
        switch (script.Random.Next(3))
        {
            case 0:
                script.User($"I need a flight to {trip.Destination} {trip.When}{trip.Extra}.", $"Je cherche un vol pour {trip.Destination} {trip.When}{trip.Extra}.")
                    .Say("Which city are you leaving from?", "De quelle ville partez-vous ?")
                    .User(script.Random.Next(2) == 0 ? trip.Origin : $"From {trip.Origin}.", script.Random.Next(2) == 0 ? trip.Origin : $"De {trip.Origin}.");
                break;
            case 1:
                script.User($"Find a flight from {trip.Origin} to {trip.Destination}{trip.Extra}.", $"Trouve un vol de {trip.Origin} à {trip.Destination}{trip.Extra}.")
                    .Say("On which day do you want to leave?", "Quel jour voulez-vous partir ?").User($"{trip.When}.", $"{trip.When}.");
                break;
            default:
                script.User("I want to book a flight.", "Je voudrais réserver un vol.")
                    .Say("Where do you leave from, where do you go, and on which day?", "D'où partez-vous, où allez-vous et quel jour ?")
                    .User($"From {trip.Origin} to {trip.Destination}, {trip.When}{trip.Extra}.", $"De {trip.Origin} à {trip.Destination}, {trip.When}{trip.Extra}.");
                break;
        }
    }

    // The number of the first flight.
    private static string Found(TaskScript script, FlightRequest trip)
    {
        var (airline, number) = TaskNames.Flight(script.Random);
        script.Call("search_flights", Flights(script.Random, airline, number, out var departure, out var price), trip.Arguments())
            .Say(Number($"The cheapest flight is {number} with {airline}, leaving at {departure}, for ${price}. Shall I book it?"), Number($"Le vol le moins cher est le {number} de {airline}, départ à {departure}, pour {price} €. Dois-je le réserver ?"));
        return number;
    }

    private static (string Hotel, string Date, int Nights) FindHotel(TaskScript script)
    {
        var random = script.Random;
        var (city, nights, hotel) = (TaskNames.City(random), 2 + random.Next(9), TaskNames.Hotel(random));
        var (when, date) = TaskDates.Draw(random, script.Today, script.IsFrench);
        int? stars = random.Next(3) == 0 ? 3 + random.Next(3) : null;
        var extra = stars is { } least ? script.IsFrench ? Number($", au moins {least} étoiles") : Number($", at least {least} stars") : "";
        script.User(Format(script, s_hotels, s_frenchHotels, city, when, nights.ToString(CultureInfo.InvariantCulture), extra))
            .Call("search_hotels", Hotels(random, hotel, out var price), ("city", city), ("check_in", TaskDates.Iso(date)), ("nights", nights), ("stars", stars))
            .Say(Number($"The {hotel} in {city} has rooms at ${price} a night. Shall I book it?"), Number($"Le {hotel} à {city} a des chambres à {price} € la nuit. Dois-je le réserver ?"));
        return (hotel, TaskDates.Iso(date), nights);
    }

    private static JsonObject Flights(TrainingRandom random, string airline, string number, out string departure, out int price)
    {
        (departure, price) = (TaskNames.Time(random), 60 + random.Next(900));
        var flights = new JsonArray(new JsonObject { ["flight"] = number, ["airline"] = airline, ["departure"] = departure, ["price"] = price });
        if (random.Next(2) == 0)
        {
            var (airline2, number2) = TaskNames.Flight(random);
            flights.Add((JsonNode)new JsonObject { ["flight"] = number2, ["airline"] = airline2, ["departure"] = TaskNames.Time(random), ["price"] = price + 10 + random.Next(200) });
        }

        return new JsonObject { ["flights"] = flights };
    }

    private static JsonObject Hotels(TrainingRandom random, string hotel, out int price)
    {
        price = 50 + random.Next(300);
        return new JsonObject { ["hotels"] = new JsonArray(new JsonObject { ["name"] = hotel, ["stars"] = 3 + random.Next(3), ["price_per_night"] = price }) };
    }

    private static string Format(TaskScript script, string[] english, string[] french, params string[] values) =>
        string.Format(CultureInfo.InvariantCulture, script.Random.Pick(script.IsFrench ? french : english), values);

    private static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record FlightRequest(string Origin, string Destination, string When, DateOnly Date, DateOnly? Return, string? Cabin, int? Passengers, string Extra)
    {
        private static readonly (string Value, string English, string French)[] s_cabins = [("business", "business", "affaires"), ("economy", "economy", "économique"), ("first", "first", "première")];

        public static FlightRequest Draw(TaskScript script)
        {
            var random = script.Random;
            var (origin, destination) = TaskNames.Cities(random);
            var (when, date) = TaskDates.Draw(random, script.Today, script.IsFrench);
            switch (random.Next(6))
            {
                case 0:
                    var back = date.AddDays(1 + random.Next(14));
                    var (text, day) = TaskDates.Draw(random, back, script.IsFrench);
                    // Only a day with its date can be counted from today.
                    return text.Any(char.IsAsciiDigit) && !text.StartsWith("in ", StringComparison.Ordinal) && !text.StartsWith("dans ", StringComparison.Ordinal) && day < date.AddDays(300) && day < script.Today.AddDays(365)
                        ? new(origin, destination, when, date, day, null, null, script.IsFrench ? $", retour {text}" : $", returning {text}")
                        : new(origin, destination, when, date, null, null, null, "");
                case 1:
                    var cabin = random.Pick(s_cabins);
                    return new(origin, destination, when, date, null, cabin.Value, null, script.IsFrench ? $" en classe {cabin.French}" : $" in {cabin.English} class");
                case 2:
                    var people = 2 + random.Next(5);
                    return new(origin, destination, when, date, null, null, people, script.IsFrench ? Number($" pour {people} personnes") : Number($" for {people} people"));
                default:
                    return new(origin, destination, when, date, null, null, null, "");
            }
        }

        public (string Name, object? Value)[] Arguments() =>
            [("origin", Origin), ("destination", Destination), ("departure_date", TaskDates.Iso(Date)), ("return_date", Return is { } day ? TaskDates.Iso(day) : null), ("cabin", Cabin), ("passengers", Passengers)];
    }
}
