from parley_tool import ToolError, serve


def run(city):
    if city == "Atlantis":
        raise ToolError("There is no weather in Atlantis. Ask for a city on land.")
    return {"summary": f"It is sunny in {city}."}


serve(run)
