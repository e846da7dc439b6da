namespace Crescent.Training.Data.ToolTasks;

/// <summary>Turns that need no tool.</summary>
internal static class TalkTasks
{
    private static readonly (string User, string Answer)[] s_english =
    [
        ("Hello!", "Hello! How can I help you?"), ("Hi", "Hi! What can I do for you?"), ("Good morning", "Good morning! How can I help?"), ("How are you?", "I am well, thank you. What can I do for you?"), ("Thanks!", "You are welcome."),
        ("Thank you very much.", "You are welcome. Is there anything else?"), ("Goodbye", "Goodbye, and have a nice day."), ("That's all for now.", "Very well. Have a good day."), ("What can you do?", "I can search flights and hotels, find restaurants and events, tell the weather, keep your calendar and compute."),
        ("Tell me a joke.", "Why did the moon skip dinner? It was already full."), ("What is the capital of France?", "The capital of France is Paris."), ("What is the capital of Italy?", "The capital of Italy is Rome."),
        ("What is the capital of Spain?", "The capital of Spain is Madrid."), ("What colour is the sky?", "The sky is blue by day."), ("How many days are in a week?", "There are seven days in a week."), ("I like travelling.", "So do many people. Where would you like to go?"),
        ("You are very helpful.", "Thank you, I am glad to help."), ("I am bored.", "You could go out: shall I look for an event near you?"), ("Never mind.", "All right. Tell me if you need anything."), ("What does \"merci\" mean?", "\"Merci\" is French for \"thank you\"."),
        ("Say something nice.", "I hope that your day is a good one."), ("No, thanks.", "All right. Have a nice day."), ("Do you speak French?", "Yes, a little. Vous pouvez me parler en français."),
    ];

    private static readonly (string User, string Answer)[] s_french =
    [
        ("Bonjour !", "Bonjour ! Que puis-je faire pour vous ?"), ("Salut", "Salut ! Comment puis-je vous aider ?"), ("Comment vas-tu ?", "Je vais bien, merci. Que puis-je faire pour vous ?"), ("Merci !", "Je vous en prie."), ("Merci beaucoup.", "Avec plaisir. Autre chose ?"),
        ("Au revoir", "Au revoir et bonne journée."), ("Que sais-tu faire ?", "Je peux chercher des vols et des hôtels, trouver des restaurants et des sorties, donner la météo, tenir votre agenda et calculer."),
        ("Quelle est la capitale de la France ?", "La capitale de la France est Paris."), ("Combien y a-t-il de jours dans une semaine ?", "Il y a sept jours dans une semaine."), ("Raconte une blague.", "Pourquoi la lune ne dîne-t-elle pas ? Elle est déjà pleine."),
        ("Je m'ennuie.", "Vous pourriez sortir : dois-je chercher un événement près de chez vous ?"), ("Non merci.", "Très bien. Bonne journée."), ("Parles-tu anglais ?", "Oui, un peu. You can speak English to me."),
    ];

    private static readonly string[] s_who = ["Who are you?", "What is your name?", "What are you?", "Which model are you?", "Who made you?", "Are you a robot?"];
    private static readonly string[] s_frenchWho = ["Qui es-tu ?", "Comment t'appelles-tu ?", "Quel modèle es-tu ?", "Qui t'a créé ?"];

    public static void Talk(TaskScript script)
    {
        for (var turns = 1 + script.Random.Next(2); turns > 0; turns--)
        {
            var (user, answer) = script.Random.Pick(script.IsFrench ? s_french : s_english);
            script.User(user).Say(answer, answer);
        }
    }

    public static void Identity(TaskScript script) => script.User(script.Random.Pick(s_who), script.Random.Pick(s_frenchWho))
        .Say("I am Crescent Nano, a small language model that was trained by Crescent and runs on this machine.", "Je suis Crescent Nano, un petit modèle de langue entraîné par Crescent et qui tourne sur cette machine.");
}
