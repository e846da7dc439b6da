using System.Text;

namespace Crescent.Training.Data;

/// <summary>How the functions of a service are named and described. Names vary, so that a model has to read them where they are declared.</summary>
internal sealed record ToolNaming(ToolNameForm Form, bool HasDescriptions)
{
    /// <summary>As the schema publishes them.</summary>
    public static ToolNaming Published { get; } = new(ToolNameForm.ServiceAndIntent, HasDescriptions: true);

    public string NameOf(string service, string intent) => Form switch
    {
        ToolNameForm.Snake => Snake(intent),
        ToolNameForm.Camel => char.ToLowerInvariant(intent[0]) + intent[1..],
        ToolNameForm.DomainAndSnake => $"{Domain(service).ToLowerInvariant()}_{Snake(intent)}",
        _ => $"{service}_{intent}",
    };

    /// <summary>The service without its number: two services of one domain do the same things.</summary>
    public static string Domain(string service) => service.Split('_')[0];

    private static string Snake(string name)
    {
        var text = new StringBuilder();
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && text.Length > 0)
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }
}

/// <summary>Forms of a function's name.</summary>
internal enum ToolNameForm
{
    /// <summary><c>Flights_3_SearchOnewayFlight</c></summary>
    ServiceAndIntent,

    /// <summary><c>search_oneway_flight</c></summary>
    Snake,

    /// <summary><c>searchOnewayFlight</c></summary>
    Camel,

    /// <summary><c>flights_search_oneway_flight</c></summary>
    DomainAndSnake,
}
