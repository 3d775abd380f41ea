"""What a person says in Spanish, as code must understand it: each table has those who mean it and those who do not."""

import pytest

from qualify.phrases import agrees, folded, opts_out, says_farewell, takes_back
from qualify.recorded import Kind, kind_of


@pytest.mark.parametrize(
    "words",
    [
        "Alto.",
        "¡Basta!",
        "Ya basta, por favor.",
        "Por favor, pare.",
        "No me llame más.",
        "no me llame",
        "No me llamen nunca más, por favor.",
        "No me llame otra vez.",
        "No me llamen a este número.",
        "No me llame más a este número, por favor",
        "Oiga, no me vuelva a llamar.",
        "No vuelvan a llamarme.",
        "No me vuelva a llamar, por favor.",
        "No me vuelva a llamar en mi vida",
        "Ya no me llamen.",
        "ya no me esté llamando",
        "Nunca me vuelvan a llamar",
        "Nunca más me llamen.",
        "No quiero que me llamen.",
        "No quiero que me vuelvan a llamar.",
        "No quiero más llamadas.",
        "No quiero recibir sus llamadas",
        "Deje de llamarme.",
        "Dejen de llamar, por favor",
        "Deja de molestarme",
        "Quíteme de su lista.",
        "Por favor quítenme de la lista de llamadas",
        "Sáqueme de su base de datos",
        "Bórreme de sus registros.",
        "Borre mi número.",
        "Elimine mis datos, por favor.",
        "Quiero darme de baja.",
        "Deme de baja",
        "Póngame en la lista de no llamar.",
        "Olvídese de mi número.",
        "No nos molesten más.",
        "No me marque más",
        "Stop, por favor",
    ],
)
def test_words_that_opt_out(words: str):
    assert opts_out(words)


@pytest.mark.parametrize(
    "words",
    [
        "No me llame antes de las nueve.",
        "No me llame después de las ocho, por favor",
        "No me llame mañana, mejor el lunes.",
        "No me llame más tarde, dígame ahora.",
        "No me llame tan temprano",
        "No me llame por la mañana",
        "No me llame más por la noche",
        "No me vuelva a llamar tan temprano.",
        "No me vuelva a llamar a las ocho.",
        "Ya no me llame hoy",
        "No quiero que me llamen al trabajo.",
        "Deje de llamarme tan tarde",
        "No me llamo Carlos.",
        "Nunca me llaman.",
        "No me llaman nunca.",
        "No me molesta.",
        "Llámeme mañana.",
        "¿Me puede llamar más tarde?",
        "No, no basta.",
        "Olvidé mi número de cliente.",
        "No quiero que dejen de llamarme antes de tener respuesta... no deje de llamarme",
        "No elimine mis datos, por favor.",
        "La parada del autobús está cerca.",
        "Para mi casa.",
        "El techo es muy alto.",
        "Tengo que parar un momento, espere.",
        "No me interesa.",
        "Vuelva a llamarme el martes.",
        "¿Por qué no me llamaron antes?",
        "No he llamado.",
    ],
)
def test_words_that_do_not(words: str):
    assert not opts_out(words)


@pytest.mark.parametrize(
    ("words", "agreed"),
    [
        ("Sí.", True),
        ("Sí, claro.", True),
        ("Si claro", True),
        ("Si.", True),
        ("Claro que sí.", True),
        ("Claro", True),
        ("Bueno, sí.", True),
        ("Ah, está bien.", True),
        ("De acuerdo", True),
        ("Cómo no.", True),
        ("No hay problema.", True),
        ("Sin problema, dígame.", True),
        ("No tengo ningún problema", True),
        ("Ándele pues", True),
        ("Le escucho.", True),
        ("No.", False),
        ("No, gracias.", False),
        ("Claro que no.", False),
        ("Ahora no puedo.", False),
        ("Nunca.", False),
        ("Para nada", False),
        ("¿Bueno?", None),
        ("¿Quién habla?", None),
        ("Si me llama otra vez, cuelgo", None),
        ("¿De parte de quién?", None),
    ],
)
def test_agreement(words: str, agreed: bool | None):
    assert agrees(words) is agreed


@pytest.mark.parametrize(
    "words",
    [
        "No.",
        "No, mejor el jueves.",
        "Mejor el segundo.",
        "Espere, no.",
        "En realidad no puedo.",
        "Creo que no",
        "Perdón, no.",
    ],
)
def test_a_read_back_is_taken_back(words: str):
    assert takes_back(words)


@pytest.mark.parametrize(
    "words",
    ["Sí, por favor.", "Correcto.", "No hay problema.", "Así es.", "Está bien", "Perfecto, gracias.", "No, perfecto."],
)
def test_a_read_back_is_kept(words: str):
    assert not takes_back(words)


@pytest.mark.parametrize(
    "words",
    [
        "Gracias. Adiós.",
        "Muchas gracias, hasta luego.",
        "Igualmente, que tenga buen día.",
        "Sí, gracias, muy amable",
        "Chao",
        "Hasta mañana",
    ],
)
def test_a_mere_farewell(words: str):
    assert says_farewell(words)


@pytest.mark.parametrize(
    "words", ["Espere, ¿y el martes?", "Gracias, pero una pregunta", "Adiós no, espere", "¿Cuánto cuesta?"]
)
def test_more_than_a_farewell(words: str):
    assert not says_farewell(words)


@pytest.mark.parametrize(
    "words",
    [
        "Hola, en este momento no puedo atender su llamada. Deje su mensaje después del tono.",
        "Ha llamado al buzón de voz de Carlos",
        "La persona que usted busca no está disponible.",
        "El número que usted marcó no existe",
        "Para español, oprima dos.",
        "Grabe su mensaje al escuchar la señal",
    ],
)
def test_a_machine(words: str):
    assert kind_of(words) in (Kind.VOICEMAIL, Kind.MENU)


@pytest.mark.parametrize(
    "words",
    [
        "¿Bueno?",
        "Sí, soy yo.",
        "Mi esposo no está disponible.",
        "¿Quiere dejarle un mensaje?",
        "Llámeme mañana",
        "No puedo hablar ahora",
    ],
)
def test_a_person(words: str):
    assert kind_of(words) is None


def test_screening():
    assert kind_of("Por favor, diga su nombre y el motivo de su llamada.") is Kind.SCREENER
    assert kind_of("Gracias. Permanezca en la línea.") is Kind.HOLD


def test_yes_keeps_its_accent():
    assert folded("¡Sí, mañana! Si Dios quiere…") == "sí manana si dios quiere"


def test_long_speech_is_read_in_no_time():
    assert not says_farewell("gracias que tenga " * 300 + "espere")
    assert not opts_out("no me llame antes " * 300)


@pytest.mark.parametrize(
    "words", ["no", "ok", "sí", "gracias", "thank you very much", "see you then", "muy bien", "mhm"]
)
def test_words_said_again_and_again_are_read_in_no_time(words: str):
    assert says_farewell(words)
    assert not says_farewell(f"{words} " * 80 + "wait")
